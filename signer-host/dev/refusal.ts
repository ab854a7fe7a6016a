/**
 * A request that the signer understood and rejects. octez-signer answers such a request with status 500 and a JSON list
 * of one error with the id `failure`. Messages about watermarks and magic bytes are octez-signer's, so that tools that
 * watch a baker's log for them work with both.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

/** An exception that octez-signer does not catch. It answers with status 500 and OCaml's name of it as text. */
export class OcamlException extends Error {
  override readonly name = "OcamlException";
}

/** The exception of a read beyond the end of the bytes. */
export const outOfBounds = 'Invalid_argument("index out of bounds")';

/** A request whose client has closed its connection, or its half of it. There is no signature and no mark. */
export class Cancelled extends Error {
  override readonly name = "Cancelled";

  constructor() {
    super("the client left before its signature was made");
  }
}
