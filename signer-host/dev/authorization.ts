import { b58DecodePublicKeyHash, verifySignature } from "@taquito/utils";
import { addressOf } from "../../infra/keys/tezosKey.ts";
import { Refusal } from "./refusal.ts";

/** What octez-signer puts in front of the bytes of a request for a signature (`signer_messages.ml`, `Sign.Request`). */
const signRequest = Buffer.of(0x04, 0x01);

/**
 * Whose requests are signed: those that the owner of an authorized key has signed, as `octez-signer
 * --require-authentication` wants it. `publicKeys` are `edpk…`, or of another curve.
 *
 * Source: Octez 25.1, `src/bin_signer/handler.ml` (`check_authorization`), `src/lib_signer_services/signer_messages.ml`.
 */
export class Authorization {
  /** The addresses of the keys, as `GET /authorized_keys` lists them. */
  readonly addresses: readonly string[];
  readonly #publicKeys: readonly string[];

  constructor(publicKeys: readonly string[]) {
    this.#publicKeys = publicKeys;
    this.addresses = publicKeys.map(addressOf);
  }

  /** Throws a Refusal unless `authentication` is a signature by one of the keys of a request to sign these bytes. */
  check(address: string, bytes: Uint8Array, authentication: string | undefined): void {
    if (authentication === undefined) throw new Refusal("missing authentication signature field");
    const message = Buffer.concat([signRequest, b58DecodePublicKeyHash(address, "array"), bytes]);
    if (!this.#publicKeys.some((key) => isSignature(message, key, authentication)))
      throw new Refusal("invalid authentication signature");
  }
}

/** Whether a signature is that of a message, of which it signs the BLAKE2b-256. Never throws. */
function isSignature(message: Uint8Array, publicKey: string, signature: string): boolean {
  try {
    return verifySignature(message, publicKey, signature);
  } catch {
    // A signature of another curve than the key's.
    return false;
  }
}
