import { type Problem, show } from "./configError.ts";
import { type Entry, entriesOf, replicasIn } from "./writtenConfig.ts";

/**
 * Checks that no signer has more uplinks than the forwarder has replicas, and none twice.
 *
 * A signer has one session at a replica. Two tunnels to the same one would take its ports from each other for ever.
 */
export function problemsOfUplinks(input: Entry): Problem[] {
  const replicas = replicasIn(input);
  return entriesOf(input.signers).flatMap(({ uplinks }, signer) => {
    const path = `signers[${signer}].uplinks`;
    const names = entriesOf(uplinks).map((uplink) => uplink.interface);
    const problems = names.flatMap((name, i): Problem[] => {
      const first = names.indexOf(name);
      if (typeof name !== "string" || first === i) return [];
      const wanted = `another than that of ${path}[${first}]: leave it out, and the host's routes decide`;
      return [{ path: `${path}[${i}].interface`, found: show(name), wanted }];
    });
    if (names.length <= replicas) return problems;
    const wanted = `at most ${replicas}, one for each replica of the forwarder`;
    return [...problems, { path, found: `${names.length} uplinks`, wanted }];
  });
}
