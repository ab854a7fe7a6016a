import type { Ended } from "../base/ended.ts";
import type { Link } from "../rig/link.ts";
import type { SignerAddress } from "../rig/traffic.ts";

/** A way from bakers to a signer at home. All variants are measured side by side. */
export type Variant = {
  readonly name: string;
  /** Whether the traffic on the link is encrypted. */
  readonly encrypted: boolean;
  /** Makes the signer dial in over a link. The result says where bakers find it. */
  open(link: Link): Promise<Open>;
  /** Removes the sessions of silently lost clients from a server that does not do so in time. */
  forgetSessions?(): Promise<void>;
};

/** A variant whose signer is connected. */
export type Open = {
  readonly signerAddress: SignerAddress;
  /** Kills the server and starts it again. */
  restartServer(): Promise<Ended>;
  /** Ends the client and starts it again. */
  restartClient(): Promise<Ended>;
  close(): Promise<void>;
};

/** The names of the variants in the results. */
export const straight = "straight to the signer";
export const signerForwarder = "signer forwarder";
export const withRouter = "signer forwarder, by a router";
export const plainSsh = (version: string): string => `ssh -R, OpenSSH ${version}`;
export const haproxyOverSsh = "HAProxy over ssh -R";
export const ratholeTcp = "rathole, tcp";
export const ratholeNoise = "rathole, noise";
export const bore = "bore";
