import type { Ended } from "../base/ended.ts";
import type { Link } from "../rig/link.ts";
import type { SignerAddress } from "../rig/traffic.ts";

/** A way from bakers to a signer at home; all of them are measured side by side. */
export type Variant = {
  readonly name: string;
  /** Whether what passes the link is encrypted. */
  readonly encrypted: boolean;
  /** Has the signer dial in over a link; gives where bakers find it then. */
  open(link: Link): Promise<Open>;
  /** Frees its server of sessions whose client is gone without a word, where it does not do that by itself in time. */
  forgetSessions?(): Promise<void>;
};

/** A variant that is there. */
export type Open = {
  readonly signerAddress: SignerAddress;
  /** Ends the server at once and has it start again. */
  restartServer(): Promise<Ended>;
  /** Ends the client and starts it again. */
  restartClient(): Promise<Ended>;
  close(): Promise<void>;
};

/** The names of the variants, as the results have them. */
export const straight = "straight to the signer";
export const signerForwarder = "signer forwarder";
export const plainSsh = (version: string): string => `ssh -R, OpenSSH ${version}`;
export const haproxyOverSsh = "HAProxy over ssh -R";
export const ratholeTcp = "rathole, tcp";
export const ratholeNoise = "rathole, noise";
export const bore = "bore";
