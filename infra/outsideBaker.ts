import type { OutsideBakerConfig } from "./config/bakerConfig.ts";
import type { SignerConfig } from "./config/signerConfig.ts";
import { routerOf } from "./config/signerRoutes.ts";

/** Where the unit of docs/guide/outside-baker.md has a router's marks. */
const marks = "/var/lib/remote-signer-router/marks";

/** What a baker outside of the stack needs to know of it. */
export type OutsideBakerOutput = {
  /** The content of `router.json` for its router. */
  readonly router: ReturnType<typeof routerOf> & { readonly marks: string };
  /** The public key with which it signs its requests, if it does. */
  readonly authenticationKey?: string;
};

/** The output of a baker outside of the stack. `replicas` are the host names of the forwarder's replicas. */
export function outsideBakerOutput(
  baker: OutsideBakerConfig,
  signers: readonly SignerConfig[],
  replicas: readonly string[],
): OutsideBakerOutput {
  const { authenticationKey } = baker;
  return {
    router: { ...routerOf(baker, signers, replicas), marks },
    ...(authenticationKey && { authenticationKey }),
  };
}
