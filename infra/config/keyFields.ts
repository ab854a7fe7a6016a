import { z } from "zod";
import { problemOfSeed } from "../keys/authenticationKey.ts";
import { parseHostKey, parsePublicKey, SshKeyError } from "../keys/sshKey.ts";

/** Turns an SshKeyError into a problem of the checked field. */
function parsedBy<T>(parse: (text: string) => T) {
  return (text: string, ctx: z.RefinementCtx<string>): T => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof SshKeyError)) throw error;
      ctx.addIssue({ code: "custom", message: error.wanted, params: { found: error.found } });
      return z.NEVER;
    }
  };
}

/** The public half of a signer's ssh key. */
export const publicKey = z.string("one OpenSSH public key on one line").transform(parsedBy(parsePublicKey));

/** A host key of the forwarder. */
export const hostKey = z.string("an ssh private key, as a secret").transform(parsedBy(parseHostKey));

/** The seed of the bakers' authentication keys. A problem never shows it. */
export const seed = z.string("a seed, as a secret").superRefine((text, ctx) => {
  const message = problemOfSeed(text);
  if (message) ctx.addIssue({ code: "custom", message, params: { found: `a text of ${text.length} characters` } });
});
