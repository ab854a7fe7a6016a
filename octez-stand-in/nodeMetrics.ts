import { rpcHeader } from "./blockRpc.ts";
import type { LiveChain } from "./liveChain.ts";
import type { Metric } from "./metrics.ts";

/** The others of a network that this node would be connected to, a third of which have dialled it. */
const peers = { active: 60, incoming: 20, outgoing: 40 };

/**
 * Some of octez-node's metrics (src/lib_shell/shell_metrics.ml, src/lib_p2p/p2p_metrics_collectors.ml, v25.1). The
 * stand-in's node is always synchronised.
 */
export function nodeMetrics(live: LiveChain): Metric[] {
  const { head } = live;
  const labels = { chain_id: rpcHeader(live, head).chain_id.slice(0, 13) };
  const gauge = (name: string, help: string, value: number): Metric => ({
    ...{ name: `octez_validator_chain_${name}`, help, type: "gauge" },
    samples: [{ labels, value }],
  });
  const connections = Object.entries(peers).map(
    ([name, value]): Metric => ({
      ...{ name: `octez_p2p_connections_${name}`, help: `Number of ${name} connections`, type: "gauge" },
      samples: [{ value }],
    }),
  );
  return [
    gauge("head_level", "Level of the current node's head", head),
    gauge("head_cycle", "Cycle of the current node's head", live.delegates.cycleOf(head)),
    gauge("head_round", "Round of the current node's head", live.roundOf(head)),
    gauge("is_bootstrapped", "Returns 1 if the node has bootstrapped, 0 otherwise.", 1),
    gauge(
      "synchronisation_status",
      "Returns 0 if the node is unsynchronised, 1 if the node is synchronised, 2 if the node is stuck.",
      1,
    ),
    ...connections,
    {
      ...{ name: "octez_version", help: "Node version", type: "gauge" },
      samples: [
        {
          labels: {
            ...{ version: "25.2", chain_name: `TEZOS_${live.chain.network}`, distributed_db_version: "2" },
            ...{ p2p_version: "1", commit_hash: "", commit_date: "" },
          },
          value: 0,
        },
      ],
    },
  ];
}
