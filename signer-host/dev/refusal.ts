/**
 * A request that the signer understood and will not serve. octez-signer answers such a request with status 500 and a
 * JSON list of one error of id `failure`. Messages about watermarks and magic bytes are octez-signer's, so that what
 * watches a baker's log for them works with both.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

/** What octez-signer does not catch itself: status 500 and OCaml's name of the exception as text. */
export class OcamlException extends Error {
  override readonly name = "OcamlException";
}

/** The exception of a read beyond the end of the bytes. */
export const outOfBounds = 'Invalid_argument("index out of bounds")';

/** A request whose client has closed its connection, or its half of it: there is no signature and no mark. */
export class Cancelled extends Error {
  override readonly name = "Cancelled";

  constructor() {
    super("the client has gone before its signature");
  }
}
