/**
 * A request that the signer understood and will not serve. octez-signer answers such a request with status 500 and a
 * JSON list of one error of id `failure`. Messages about watermarks and magic bytes have the shape of octez-signer's, so
 * that what watches a baker's log for them works with both.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
}
