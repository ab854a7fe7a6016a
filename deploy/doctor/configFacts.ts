import { z } from "zod";
import { parsePublicKey } from "../../infra/keys/sshKey.ts";
import { addressOf } from "../../infra/keys/tezosKey.ts";
import { project } from "../stack/project.ts";
import { localClusterOf, type Stack } from "../stack/stack.ts";
import type { ConfigFacts } from "./facts.ts";
import { keysInKnownHosts } from "./knownHosts.ts";

const bakersSchema = z.record(z.string(), z.object({ authenticationKey: z.string().optional() }));

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
  bakers: bakersSchema,
  // Outputs of an earlier version have none.
  outsideBakers: bakersSchema.default({}),
});

/**
 * What the config of a stack says, from the outputs that follow from it: for each replica of the forwarder, with its
 * endpoint. `hosts` are those of the endpoints if only a cloud knows them. Throws an Error for a stack without an endpoint.
 */
export function configFactsOf(
  stack: Stack,
  outputs: Record<string, unknown>,
  hosts: readonly (string | undefined)[] = [],
): ConfigFacts[] {
  const { bakers, cluster, outsideBakers, signerEndpoints, knownHosts, signers } = outputsSchema.parse(outputs);
  const now = [...Object.values(bakers), ...Object.values(outsideBakers)].map(
    ({ authenticationKey }) => authenticationKey,
  );
  if (signerEndpoints.length === 0 || knownHosts === null)
    throw new Error("found a stack that only makes a cluster, wanted one with an endpoint");
  const dialled = signerEndpoints.map(({ host }, i) => {
    const known = host ?? hosts[i];
    if (known === undefined)
      throw new Error(`signerEndpoints[${i}].host: found none, wanted the outputs of a stack that is up`);
    return known;
  });
  const written = stack.file.config?.[`${project}:endpoint`] as { readonly nodePort?: unknown };
  const shared = {
    kubectl: `${cluster.kubectl} --namespace ${stack.name}`,
    isLocal: localClusterOf(stack) !== undefined,
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
  return signerEndpoints.map(({ port, alternatePorts }, i) => ({
    ...shared,
    replica: i,
    endpoint: { host: dialled[i] as string, port, alternatePorts, isNodePort: written.nodePort !== undefined },
  }));
}
