import type { SignerConfig } from "../../infra/config/signerConfig.ts";
import type { SignerEndpoint } from "../../infra/signerForwarder.ts";

/** All that a signer host's package is made from. Nothing of it is secret. */
export type KitFacts = Pick<SignerConfig, "answerSeconds" | "device" | "mains" | "ups" | "uplinks"> & {
  readonly stack: string;
  /** The signer's name in the stack's config. */
  readonly signer: string;
  /** Where the host dials: one endpoint for each replica of the forwarder, in their order. */
  readonly endpoints: readonly SignerEndpoint[];
  /** The stack's output `knownHosts`. */
  readonly knownHosts: string;
  readonly port: number;
  readonly sshPort: number;
  /** The keys that bakers use with this signer. */
  readonly keys: readonly { readonly name: string; readonly address: string; readonly publicKey: string }[];
  /** The public keys with which these bakers sign their requests. Empty: they do not. */
  readonly authorizedKeys: readonly string[];
};
