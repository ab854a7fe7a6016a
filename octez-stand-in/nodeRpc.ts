import { createServer, type Server, type ServerResponse } from "node:http";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import { type BlockHeader, type Chain, headerAt, levelAt } from "./chain.ts";

/** A block header as the RPC returns it. */
export type RpcHeader = {
  readonly chain_id: string;
  readonly hash: string;
  readonly level: number;
  readonly proto: number;
  readonly predecessor: string;
  readonly timestamp: string;
  readonly payload_hash: string;
};

/** The part of octez-node's RPC that its neighbours in a pod use. The paths are Octez's, which has no /health/live. */
export function rpcServer(chain: Chain): Server {
  const head = () => rpcHeader(headerAt(chain, levelAt(chain, Date.now())));
  const answers: Readonly<Record<string, () => unknown>> = {
    "/version": () => ({
      version: { product: "octez", major: 25, minor: 2, build: 0, additional_info: "release" },
      network_version: { chain_name: `TEZOS_${chain.network}`, distributed_db_version: 2, p2p_version: 1 },
      commit_info: null,
    }),
    "/health/ready": () => ({ ready: true }),
    "/chains/main/chain_id": () => head().chain_id,
    "/chains/main/is_bootstrapped": () => ({ bootstrapped: true, sync_state: "synced" }),
    "/chains/main/blocks/head/header": head,
    "/chains/main/blocks/head/hash": () => head().hash,
  };
  return createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://node");
    const answer = answers[pathname];
    if (request.method !== "GET") return reply(response, 405, { error: "method not allowed" });
    if (pathname === "/monitor/heads/main") return streamHeads(chain, response, head);
    if (!answer) return reply(response, 404, { error: `no service at ${pathname}` });
    reply(response, 200, answer());
  });
}

/** Sends the present head and then each new one, as one JSON value per line, until the reader disconnects. */
function streamHeads(chain: Chain, response: ServerResponse, head: () => RpcHeader): void {
  response.writeHead(200, { "content-type": "application/json" });
  let timer: NodeJS.Timeout;
  const send = () => {
    response.write(`${JSON.stringify(head())}\n`);
    timer = setTimeout(send, chain.intervalMs - ((Date.now() - chain.startMs) % chain.intervalMs));
  };
  response.on("close", () => clearTimeout(timer));
  send();
}

function rpcHeader(header: BlockHeader): RpcHeader {
  return {
    chain_id: b58Encode(header.chainId, PrefixV2.ChainID),
    hash: b58Encode(header.hash, PrefixV2.BlockHash),
    level: header.level,
    proto: 1,
    predecessor: b58Encode(header.predecessor, PrefixV2.BlockHash),
    timestamp: new Date(header.timestampMs).toISOString().replace(".000", ""),
    payload_hash: b58Encode(header.payloadHash, PrefixV2.ValueHash),
  };
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
