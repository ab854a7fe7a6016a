import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { encodeOpHash } from "@taquito/utils";
import { answerAboutBlock, rpcHeader } from "./blockRpc.ts";
import { readKeyOperation } from "./keyOperation.ts";
import type { LiveChain } from "./liveChain.ts";

/**
 * The part of octez-node's RPC that its neighbours in a pod and `npm run missed` use. The paths are Octez's, which has no
 * /health/live.
 */
export function rpcServer(live: LiveChain): Server {
  const { chain } = live;
  const head = () => rpcHeader(live, live.head);
  const answers: Readonly<Record<string, () => unknown>> = {
    "/version": () => ({
      version: { product: "octez", major: 25, minor: 2, build: 0, additional_info: "release" },
      network_version: { chain_name: `TEZOS_${chain.network}`, distributed_db_version: 2, p2p_version: 1 },
      commit_info: null,
    }),
    "/health/ready": () => ({ ready: true }),
    "/chains/main/chain_id": () => head().chain_id,
    "/chains/main/is_bootstrapped": () => ({ bootstrapped: true, sync_state: "synced" }),
    "/chains/main/levels/savepoint": () => ({
      block_hash: rpcHeader(live, live.savepoint).hash,
      level: live.savepoint,
    }),
  };
  const injections: Readonly<Record<string, (body: unknown) => unknown>> = {
    "/injection/operation": (body) => injectOperation(live, body),
    "/injection/block": (body) => injectBlock(live, body),
  };
  return createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://node");
    const inject = injections[pathname];
    if (request.method !== (inject ? "POST" : "GET")) return reply(response, 405, { error: "method not allowed" });
    if (inject) {
      const body = await jsonOf(request);
      let answer: unknown;
      try {
        answer = inject(body);
      } catch (error) {
        return reply(response, 500, [{ kind: "permanent", id: "failure", msg: (error as Error).message }]);
      }
      return answer === undefined ? reply(response, 400, { error: "unreadable body" }) : reply(response, 200, answer);
    }
    if (pathname === "/monitor/heads/main") return streamHeads(live, response);
    // It ends once the node is synchronised.
    if (pathname === "/monitor/bootstrapped")
      return reply(response, 200, { block: head().hash, timestamp: head().timestamp });
    const [, block = "", path = ""] = /^\/chains\/main\/blocks\/([^/]+)\/(.+)$/.exec(pathname) ?? [];
    const answer = answers[pathname]?.() ?? answerAboutBlock(live, block, path, searchParams);
    if (answer === undefined) return reply(response, 404, { error: `no service at ${pathname}` });
    reply(response, 200, answer);
  });
}

/** Sends the present head and then each new one, as one JSON value per line, until the reader disconnects. */
function streamHeads(live: LiveChain, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json" });
  let timer: NodeJS.Timeout;
  const send = () => {
    const { level, lastsMs } = live.headNow();
    response.write(`${JSON.stringify(rpcHeader(live, level))}\n`);
    timer = setTimeout(send, lastsMs);
  };
  response.on("close", () => clearTimeout(timer));
  send();
}

/**
 * An operation's hash, as Octez answers at once with `async`. Undefined if the body is no text in hex. Throws what the
 * protocol says against an operation about keys.
 */
function injectOperation(live: LiveChain, body: unknown): unknown {
  const bytes = bytesIn(body);
  if (bytes === undefined) return undefined;
  const keys = readKeyOperation(bytes);
  if (keys) live.injectKeys(keys);
  else live.injectVote(bytes);
  return encodeOpHash(bytes.toString("hex"));
}

function injectBlock(live: LiveChain, body: unknown): unknown {
  const bytes = bytesIn((body as { data?: unknown } | null)?.data);
  if (bytes === undefined) return undefined;
  try {
    live.injectBlock(bytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  return rpcHeader(live, bytes.readInt32BE(0)).hash;
}

function bytesIn(text: unknown): Buffer | undefined {
  return typeof text === "string" && /^([0-9a-f]{2})+$/.test(text) ? Buffer.from(text, "hex") : undefined;
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const text = Buffer.concat(await request.toArray()).toString();
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
