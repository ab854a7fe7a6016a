import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { SlotId } from "./dalAttestation.ts";
import { profileJson, readControllers } from "./dalDataDir.ts";
import type { DalNode } from "./dalNode.ts";

/** What anybody may ask: the others of Octez's paths change something (`dal_secure` in RPC_server.ml, v25.1). */
const openPaths = [
  /^\/(health|synchronized|last_processed_level|protocol_parameters|profiles|version)$/,
  /^\/monitor\/synchronized$/,
  /^\/profiles\/\w+\/(attested_levels\/\d+\/(assigned_shard_indices|attestable_slots)|monitor\/attestable_slots)$/,
  /^\/(levels|published_levels|plugin)\//,
];

/**
 * The part of octez-dal-node's RPC that a baker and its keeper use (src/lib_dal_node_services/services.ml, v25.1). A
 * `strict` one answers 401 to what is not for everybody. `keep` stores changed profiles.
 */
export function dalRpcServer(node: DalNode, strict: boolean, keep: () => void): Server {
  return createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://dal-node");
    const isOpen = request.method === "GET" && openPaths.some((path) => path.test(pathname));
    if (strict && !isOpen) return response.writeHead(401).end();
    if (pathname === "/profiles" && request.method === "PATCH") return patchProfiles(node, request, response, keep);
    const [, monitored] = /^\/profiles\/(\w+)\/monitor\/attestable_slots$/.exec(pathname) ?? [];
    const answer = monitored === undefined ? answerOf(node, pathname) : undefined;
    if (answer === undefined && monitored === undefined) return response.writeHead(404).end();
    if (request.method !== "GET") return response.writeHead(405).end();
    if (monitored !== undefined) return monitorSlots(node, monitored, response);
    return reply(response, answer);
  });
}

function answerOf(node: DalNode, path: string): unknown {
  switch (path) {
    case "/health":
      return node.health();
    case "/synchronized":
      return { status: node.isSynced ? "Synced" : "L1_bootstrapping" };
    case "/last_processed_level":
      return node.finalized;
    case "/profiles":
      return profileJson(node.profile);
    case "/version":
      return { network_version: { chain_name: node.network, gossipsub: 0, p2p_version: 1 } };
  }
  const [, address, level, what] =
    /^\/profiles\/(tz[1-4]\w+)\/attested_levels\/(\d+)\/(assigned_shard_indices|attestable_slots)$/.exec(path) ?? [];
  if (address === undefined) return undefined;
  return what === "attestable_slots" ? node.attestableAt(address, Number(level)) : node.shardsOf(address);
}

/** Sends what may be attested now, and then each slot that comes to it, as one JSON value per line. */
function monitorSlots(node: DalNode, address: string, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json" });
  const send = (value: unknown) => response.write(`${JSON.stringify(value)}\n`);
  const slots = node.slotsInReach(address);
  send({ kind: "backfill", backfill_payload: { slot_ids: slots, trap_slot_ids: [], no_shards_committee_levels: [] } });
  let last = Math.max(0, ...slots.map(({ slot_level }) => slot_level));
  const stop = node.onHead(() => {
    const isNew = ({ slot_level }: SlotId) => slot_level > last;
    for (const slot_id of node.slotsInReach(address).filter(isNew).reverse()) {
      send({ kind: "attestable_slot", slot_id });
      last = slot_id.slot_level;
    }
    // At each level, so that the other side knows of a stream that is dead (v25.2).
    send({ kind: "heartbeat" });
  });
  response.on("close", stop);
}

async function patchProfiles(node: DalNode, request: IncomingMessage, response: ServerResponse, keep: () => void) {
  try {
    const text = Buffer.concat(await request.toArray()).toString();
    if (!node.add(readControllers(JSON.parse(text)))) return response.writeHead(404).end();
  } catch (error) {
    return response.writeHead(400).end((error as Error).message);
  }
  keep();
  return reply(response, {});
}

function reply(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}
