import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { Agent, request } from "node:http";
import { after, test } from "node:test";
import { readPayload } from "../../signer-host/dev/payload.ts";
import { blockBytes, voteBytes } from "../../signer-host/dev/sampleBytes.ts";
import { until } from "../../testbed/background.ts";
import { podAddress } from "../../testbed/gatewayClient.ts";
import { Gateway, serveTests } from "../../testbed/gatewayRig.ts";
import { TunnelEnd } from "../../testbed/tunnelEnd.ts";

const keys = ["tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6", "tz4HVR6aty9KwsQFHh81C1G7gBdhxT8kuytm"] as const;
const gateway = new Gateway();
const home = new TunnelEnd();
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

after(() => agent.destroy());
serveTests(gateway, [home], () => [{ name: "home", port: home.port, keys }]);

/** A random four-byte integer. Edge values are more frequent. */
function integer(): number {
  const edges = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 0x7fff, 0x10000, 255, 256];
  return randomInt(3) === 0 ? (edges[randomInt(edges.length)] as number) : randomInt(-(2 ** 31), 2 ** 31);
}

/** Bytes that a baker could send, or nearly so. */
function sample(isBls: boolean): Buffer {
  const values = { chain: integer(), level: integer(), round: integer(), filler: randomInt(256) };
  const kind = randomInt(3);
  const bytes =
    kind === 0
      ? blockBytes(values, randomInt(2) === 0 ? undefined : integer())
      : voteBytes(kind === 1 ? 0x12 : 0x13, values, randomInt(8) === 0 ? !isBls : isBls);
  switch (randomInt(5)) {
    case 0: // too short
      return bytes.subarray(0, randomInt(1, bytes.length + 1));
    case 1: // some bytes replaced
      for (let count = randomInt(1, 6); count > 0; count--) bytes[randomInt(1, bytes.length)] = randomInt(256);
      return bytes;
    case 2: // another length of the fitness
      if (kind === 0) bytes.writeInt32BE(randomInt(2) === 0 ? randomInt(-90, 300) : integer(), 83);
      return bytes;
    case 3: // only the magic byte is right
      return Buffer.concat([bytes.subarray(0, 1), randomBytes(randomInt(250))]);
    default:
      return bytes;
  }
}

function post(key: string, body: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": body.length };
    const options = { host: podAddress, port: home.port, method: "POST", path: `/keys/${key}`, headers, agent };
    const outgoing = request(options, (response) => {
      response.resume().on("end", () => resolve(response.statusCode));
    });
    outgoing.on("error", reject).end(body);
  });
}

test("the log's kind, level and round are those that a signer reads out of the same bytes", async () => {
  const wanted: unknown[] = [];
  for (let count = 0; count < 4000; count++) {
    const key = keys[randomInt(2)] as string;
    const bytes = sample(key.startsWith("tz4"));
    const hex = randomInt(4) === 0 ? bytes.toString("hex").toUpperCase() : bytes.toString("hex");
    const body = `"${hex}"${randomInt(4) === 0 ? "\n" : ""}`;
    const status = await post(key, body);
    wanted.push({ body, status, ...read(bytes, key) });
  }
  await until("all lines are there", 10, () => gateway.lines().length === wanted.length);
  const lines = gateway.lines();
  const reasons = new Set<unknown>();
  for (const [index, line] of lines.entries()) {
    const { body } = wanted[index] as { body: string };
    const { key, kind, level, round, refused, status } = line;
    reasons.add(refused);
    // The guard refuses most of what comes in no order, and writes down what it was.
    const got = refused === "malformed" ? { refused } : { key, kind, level, round };
    assert.deepEqual({ body, status, ...got }, wanted[index]);
  }
  assert.deepEqual(reasons, new Set([undefined, "malformed", "watermark", "ahead", "chain"]));
});

/** The payload as a signer reads it, or that it can't. */
function read(bytes: Buffer, key: string): object {
  try {
    const { kind, level, round } = readPayload(bytes, key.startsWith("tz4"));
    return { key, kind, level, round };
  } catch {
    return { refused: "malformed" };
  }
}
