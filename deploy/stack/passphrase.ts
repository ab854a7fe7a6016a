import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from "node:crypto";

/** Reads and writes the `secure:` values of a stack whose secrets provider is a passphrase, as the Pulumi CLI does. */
export type Passphrase = {
  /** Throws if the text was not encrypted with this passphrase and salt. */
  decrypt(secure: string): string;
  encrypt(plain: string): string;
};

/** The word that Pulumi encrypts into a stack's salt, to tell a wrong passphrase from a damaged value. */
const checkWord = "pulumi";

/**
 * Derives the passphrase's key for one stack: PBKDF2-SHA256, 1,000,000 rounds, with the salt in its `encryptionsalt`.
 *
 * Throws if the passphrase is not the stack's, or the salt is not Pulumi's `v1:<salt>:<encrypted word>`.
 */
export function openPassphrase(passphrase: string, encryptionSalt: string): Passphrase {
  const [version, salt, ...check] = encryptionSalt.split(":");
  if (version !== "v1" || !salt || check.length !== 3) {
    throw new Error(
      "encryptionsalt: found a text of another form, wanted v1:<salt>:v1:<nonce>:<text> as Pulumi writes it",
    );
  }
  const opened = cipher(passphrase, Buffer.from(salt, "base64"));
  let word: string | undefined;
  try {
    word = opened.decrypt(check.join(":"));
  } catch {}
  if (word !== checkWord) {
    throw new Error(
      "passphrase: found one that does not open this stack's secrets, wanted the stack's in PULUMI_CONFIG_PASSPHRASE or in the file that PULUMI_CONFIG_PASSPHRASE_FILE names",
    );
  }
  return opened;
}

/** Makes an `encryptionsalt` for a stack that has none. */
export function makeEncryptionSalt(passphrase: string): string {
  const salt = randomBytes(8);
  return `v1:${salt.toString("base64")}:${cipher(passphrase, salt).encrypt(checkWord)}`;
}

function cipher(passphrase: string, salt: Buffer): Passphrase {
  const key = pbkdf2Sync(passphrase, salt, 1_000_000, 32, "sha256");
  return {
    encrypt(plain) {
      const nonce = randomBytes(12);
      const aes = createCipheriv("aes-256-gcm", key, nonce);
      const sealed = Buffer.concat([aes.update(plain, "utf8"), aes.final(), aes.getAuthTag()]);
      return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
    },
    decrypt(secure) {
      const [version, nonce, sealed] = secure.split(":");
      const bytes = Buffer.from(sealed ?? "", "base64");
      if (version !== "v1" || !nonce || bytes.length < 16) throw new Error("found no v1:<nonce>:<text>");
      const aes = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
      aes.setAuthTag(bytes.subarray(-16));
      return Buffer.concat([aes.update(bytes.subarray(0, -16)), aes.final()]).toString("utf8");
    },
  };
}
