import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../local/machine/checkout.ts";
import { signerPort } from "./traffic.ts";

/** A signer that the bench plays. */
export type BenchSigner = {
  readonly name: string;
  /** Its port at the server. `localPort` is its daemon's port at home. */
  readonly port: number;
  readonly localPort: number;
  /** The address of the key that bakers sign with. */
  readonly key: string;
  /** The two halves of its ssh key. */
  readonly secret: string;
  readonly public: string;
};

/** The dev stack's signers. Their keys are in its config. */
export const home = devSigner("home", "ssh_ed25519", 8443, signerPort, "tz1fv55cpdomJVPYA5M6BeUhqs9M1DbRB79A");
export const office = devSigner("office", "ssh_ecdsa", 8453, signerPort + 10, "tz2LWsaiLmHmyztGws7ng9x5piEkwsY8gPeL");

function devSigner(name: string, file: string, port: number, localPort: number, key: string): BenchSigner {
  const path = join(root, "signer-host/dev/keys", name, file);
  return {
    name,
    port,
    localPort,
    key,
    secret: readFileSync(path, "utf8"),
    public: readFileSync(`${path}.pub`, "utf8").trim(),
  };
}
