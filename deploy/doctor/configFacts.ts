import { z } from "zod";
import { parsePublicKey } from "../../infra/keys/sshKey.ts";
import { addressOf } from "../../infra/keys/tezosKey.ts";
import { project } from "../stack/project.ts";
import { localClusterOf, type Stack } from "../stack/stack.ts";
import type { ConfigFacts } from "./facts.ts";
import { keysInKnownHosts } from "./knownHosts.ts";

/** What the doctor reads of the outputs. */
const outputsSchema = z.object({
  cluster: z.object({ kubectl: z.string() }),
  signerEndpoints: z.array(
    z.object({
      // Only a cloud knows the number of a reserved address.
      host: z.string().optional(),
      port: z.number(),
      alternatePorts: z.array(z.number()),
    }),
  ),
  knownHosts: z.string().nullable(),
  signers: z.record(
    z.string(),
    z.object({
      port: z.number(),
      sshPort: z.number(),
      sshPublicKeys: z.array(z.string()),
      device: z.object({ kind: z.string() }),
      keys: z.array(z.object({ address: z.string() })),
      authorizedKeys: z.array(z.string()),
    }),
  ),
  bakers: z.record(z.string(), z.object({ authenticationKey: z.string().optional() })),
});

/**
 * What the config of a stack says, from the outputs that follow from it. `host` is the endpoint's if only a cloud knows
 * it. Throws an Error for a stack without an endpoint.
 */
export function configFactsOf(stack: Stack, outputs: Record<string, unknown>, host?: string): ConfigFacts {
  const { bakers, cluster, signerEndpoints, knownHosts, signers } = outputsSchema.parse(outputs);
  const [signerEndpoint] = signerEndpoints;
  const now = Object.values(bakers).map(({ authenticationKey }) => authenticationKey);
  const dialled = signerEndpoint?.host ?? host;
  if (!signerEndpoint || knownHosts === null)
    throw new Error("found a stack that only makes a cluster, wanted one with an endpoint");
  if (dialled === undefined)
    throw new Error("signerEndpoints[0].host: found none, wanted the outputs of a stack that is up");
  const { port, alternatePorts } = signerEndpoint;
  const endpoint = stack.file.config?.[`${project}:endpoint`] as { readonly nodePort?: unknown };
  return {
    kubectl: `${cluster.kubectl} --namespace ${stack.name}`,
    isLocal: localClusterOf(stack) !== undefined,
    endpoint: { host: dialled, port, alternatePorts, isNodePort: endpoint.nodePort !== undefined },
    hostKeys: keysInKnownHosts(knownHosts),
    bakers: Object.keys(bakers),
    signers: Object.entries(signers).map(([name, signer]) => ({
      name,
      port: signer.port,
      sshPort: signer.sshPort,
      device: signer.device.kind,
      fingerprints: signer.sshPublicKeys.map((line) => parsePublicKey(line).fingerprint),
      keys: signer.keys.map(({ address }) => address),
      authorized: signer.authorizedKeys.filter((key) => now.includes(key)).map(addressOf),
      authorizedNext: signer.authorizedKeys.filter((key) => !now.includes(key)).map(addressOf),
    })),
  };
}
