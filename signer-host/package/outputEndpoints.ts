/**
 * A stack's outputs with a list `signerEndpoints`, one endpoint for each replica of the forwarder. A stack whose forwarder
 * has one replica may have the output `signerEndpoint`, which is null in one without a forwarder.
 */
export function withEndpoints(outputs: unknown): unknown {
  if (!(outputs instanceof Object) || !("signerEndpoint" in outputs)) return outputs;
  const { signerEndpoint, ...rest } = outputs;
  if (signerEndpoint === undefined) return rest;
  return { signerEndpoints: signerEndpoint === null ? [] : [signerEndpoint], ...rest };
}
