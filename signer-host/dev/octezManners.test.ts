import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { InMemorySigner } from "@taquito/signer";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import { type Daemon, startDaemon } from "./daemon.ts";
import { voteBytes } from "./sampleBytes.ts";
import { Signing } from "./signing.ts";
import { WatermarkStore } from "./watermarkStore.ts";

// What a real octez-signer was seen to do, on the wire; its texts are those of resto's server.ml and of handler.ml.

const unknown = "tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx";
const folder = mkdtempSync(join(tmpdir(), "manners-"));
const sockets: Socket[] = [];
const refusals: string[] = [];
let signed = 0;
let secondsEach = 0;
let daemon: Daemon;
let address: string;
let publicKey: string;
let level = 100;

before(async () => {
  const signer = new InMemorySigner(b58Encode(new Uint8Array(32).fill(1), PrefixV2.Ed25519Seed));
  address = await signer.publicKeyHash();
  publicKey = await signer.publicKey();
  const sign = async (bytes: Uint8Array) => {
    await sleep(secondsEach * 1000);
    return (await signer.sign(bytes)).prefixSig;
  };
  const keys = new Map([[address, { alias: "home", address, publicKey, isBls: false, sign }]]);
  daemon = await startDaemon(
    new Signing(keys, new WatermarkStore(folder), {
      onSigned: () => signed++,
      onRefused: (message) => refusals.push(message),
    }),
  );
});
after(async () => {
  await daemon.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  secondsEach = 0;
});

/** What the daemon has sent on a connection so far. */
class Client {
  readonly socket: Socket;
  got = "";
  ended = false;
  readonly #isHead: boolean;

  constructor(text = "") {
    this.#isHead = text.startsWith("HEAD");
    this.socket = connect({ port: daemon.port, host: "127.0.0.1", allowHalfOpen: true });
    sockets.push(this.socket);
    this.socket.setEncoding("utf8").on("data", (data) => {
      this.got += data;
    });
    this.socket.on("end", () => {
      this.ended = true;
    });
    this.socket.on("error", () => {});
    this.socket.write(text);
  }

  /** The one answer, once it is whole; an answer to HEAD has no body. */
  async reply(): Promise<{ status: number; headers: string[]; body: string }> {
    for (let tries = 0; tries < 300; tries++) {
      const end = this.got.indexOf("\r\n\r\n");
      const [line = "", ...headers] = this.got.slice(0, Math.max(end, 0)).split("\r\n");
      const body = this.got.slice(end + 4);
      const length = headers.find((header) => header.startsWith("content-length: "))?.slice(16);
      const isWhole =
        length === undefined ? body.endsWith("0\r\n\r\n") || this.#isHead : body.length === Number(length);
      const seen = headers.filter((header) => !/^(date|connection|keep-alive):/i.test(header));
      if (end >= 0 && isWhole) return { status: Number(line.split(" ")[1]), headers: seen, body };
      await sleep(10);
    }
    return { status: 0, headers: [], body: this.got };
  }
}

function request(line: string, headers: readonly string[] = [], body = ""): string {
  const sized = body === "" ? [] : [`content-length: ${Buffer.byteLength(body)}`];
  return [`${line} HTTP/1.1`, "host: signer", ...headers, ...sized, "", body].join("\r\n");
}

function post(bytes: Buffer, { path = `/keys/${address}?version=3`, type = "application/json" } = {}): string {
  return request(`POST ${path}`, [`content-type: ${type}`], `"${bytes.toString("hex")}"\n`);
}

const vote = (filler = 0) => voteBytes(0x13, { level, filler });
const json = ["content-type: application/json"];
const text = ["content-type: text/plain"];
const chunked = "transfer-encoding: chunked";
const inChunks = (body: string) =>
  body ? `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n` : "0\r\n\r\n";
const path = "Failed to parsed an argument in path. After";
const query = "Failed to parse the query string:";

/** `body` is that of an answer with a length; `chunks` that of one in chunks, whose headers are these and one more. */
type Row = [
  what: string,
  sent: () => string,
  status: number,
  headers: readonly string[],
  body: { json?: unknown; chunks?: string },
];
const key = () => `/keys/${address}`;
const failure = (msg: string) => ({ json: [{ kind: "temporary", id: "failure", msg }] });
const rows: Row[] = [
  ["what it wants of bakers", () => request("GET /authorized_keys"), 200, json, { json: {} }],
  ["the same with a slash", () => request("GET /authorized_keys/"), 200, json, { json: {} }],
  ["the same with more slashes", () => request("GET //authorized_keys//?future=1"), 200, json, { json: {} }],
  ["a foreign key's public half", () => request(`GET /keys/${unknown}`), 404, [], { chunks: "" }],
  [
    "a foreign key's signature",
    () => post(vote(), { path: `/keys/${unknown}` }),
    500,
    json,
    failure(`no keys for the source contract ${unknown}`),
  ],
  ["another magic byte", () => post(Buffer.of(3, 1)), 500, json, failure("magic byte 0x03 not allowed")],
  [
    "no bytes at all",
    () => post(Buffer.alloc(0)),
    500,
    ["content-type: text/ocaml.exception"],
    { chunks: 'Invalid_argument("index out of bounds")' },
  ],
  [
    "too few bytes",
    () => post(vote().subarray(0, 8)),
    500,
    json,
    failure("byte sequence too short to be an attestation"),
  ],
  [
    "bytes that end before the level",
    () => post(vote().subarray(0, 41)),
    500,
    json,
    failure(
      'Failed to retrieve level and round of an attestation or preattestation (Invalid_argument("index out of bounds"))',
    ),
  ],
  ["its keys", () => request("GET /known_keys"), 500, json, failure("List known keys request not allowed.")],
  [
    "a proof",
    () => request(`GET /bls_prove_possession/${unknown}`),
    500,
    json,
    failure("Request to prove possession is not allowed."),
  ],
  ["another path", () => request("GET /version"), 404, [], { chunks: "" }],
  ["no key", () => request("GET /keys/"), 404, [], { chunks: "" }],
  ["more than a key", () => request(`GET ${key()}/more`), 404, [], { chunks: "" }],
  [
    "what is no address",
    () => request("GET /keys/tz1no"),
    400,
    text,
    {
      chunks: `${path} "keys/tz1no", the value "failed to decode Base58Check-encoded data (Signature.Public_key_hash): "tz1no"" is not acceptable for type "pkh"`,
    },
  ],
  ["another method than GET", () => request("POST /authorized_keys"), 405, ["allow: GET"], { chunks: "" }],
  ["another method than two", () => request(`DELETE ${key()}`), 405, ["allow: GET", "allow: POST"], { chunks: "" }],
  ["a method of its own kind", () => request("TRACE /authorized_keys"), 501, [], { chunks: "" }],
  ["the head alone", () => request("HEAD /authorized_keys"), 501, [chunked], {}],
  [
    "its methods",
    () => request(`OPTIONS ${key()}`),
    200,
    ["Access-Control-Allow-Methods: GET", "Access-Control-Allow-Methods: POST"],
    { chunks: "" },
  ],
  ["the methods of nothing", () => request("OPTIONS /version"), 404, [], { chunks: "" }],
  ["a type with a charset", () => post(vote(), { type: "application/json; charset=utf-8" }), 415, [], { chunks: "" }],
  ["a type in capitals", () => post(vote(), { type: "Application/JSON" }), 415, [], { chunks: "" }],
  ["a form", () => post(vote(), { type: "application/x-www-form-urlencoded" }), 415, [], { chunks: "" }],
  ["a text", () => request("GET /authorized_keys", ["content-type: text/plain"]), 415, [], { chunks: "" }],
  [
    "BSON",
    () => post(vote(), { type: "application/bson" }),
    400,
    text,
    { chunks: "Failed to parse the request body: wanted bytes as application/bson has them" },
  ],
  [
    "bytes that are text",
    () => post(vote(), { type: "application/octet-stream" }),
    400,
    text,
    { chunks: "Failed to parse the request body: wanted bytes as application/octet-stream has them" },
  ],
  [
    "an odd number of digits",
    () => request(`POST ${key()}`, json, '"13a"'),
    400,
    text,
    { chunks: "Failed to parse the request body: wanted a JSON string of hex digits, two for each byte" },
  ],
  [
    "an unknown version",
    () => post(vote(), { path: `${key()}?version=4` }),
    400,
    text,
    { chunks: `${query} Failed to parse argument 'version' ("4"): Invalid signature version` },
  ],
  [
    "two versions",
    () => post(vote(), { path: `${key()}?version=3&version=3` }),
    400,
    text,
    { chunks: `${query} Duplicate argument 'version' in query string.` },
  ],
  [
    "no version",
    () => post(vote(), { path: `${key()}?version` }),
    400,
    text,
    { chunks: `${query} Failed to parse argument 'version' (""): Invalid signature version` },
  ],
  [
    "no authentication",
    () => post(vote(), { path: `${key()}?authentication=edsigno` }),
    400,
    text,
    {
      chunks: `${query} Failed to parse argument 'authentication' ("edsigno"): failed to decode Base58Check-encoded data (Signature.V3): "edsigno"`,
    },
  ],
  [
    "a bad type before a bad query",
    () => post(vote(), { path: `${key()}?version=4`, type: "text/plain" }),
    415,
    [],
    { chunks: "" },
  ],
];
for (const [what, sent, status, headers, { json: value, chunks }] of rows) {
  test(`answers as octez-signer does, asked for ${what}`, async () => {
    const reply = await new Client(sent()).reply();
    const body = value === undefined ? (chunks === undefined ? "" : inChunks(chunks)) : `${JSON.stringify(value)}\n`;
    const more = value === undefined ? (chunks === undefined ? [] : [chunked]) : [`content-length: ${body.length}`];
    assert.deepEqual(reply, { status, headers: [...headers, ...more], body });
  });
}

test("takes bytes after their length as octet-stream", async () => {
  level++;
  const bytes = vote();
  const body = Buffer.concat([Buffer.of(0, 0, 0, bytes.length), bytes]);
  const sent = await fetch(`http://127.0.0.1:${daemon.port}${key()}`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body,
  });
  assert.equal(sent.status, 200);
});

test("takes a body in chunks, as a baker sends it, and a request without a Host", async () => {
  level++;
  const hex = `"${vote().toString("hex")}"\n`;
  const line = `POST ${key()}?version=3 HTTP/1.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`;
  const reply = await new Client(`${line}${hex.length.toString(16)}\r\n${hex}\r\n0\r\n\r\n`).reply();
  assert.equal(reply.status, 200);
  assert.match(reply.body, /^\{"signature":"edsig\w+"\}\n$/);
});

const leavings = {
  "closes its connection": (socket: Socket) => socket.destroy(),
  "closes its half of it": (socket: Socket) => socket.end(),
  "resets it": (socket: Socket) => socket.resetAndDestroy(),
};
for (const [what, leave] of Object.entries(leavings)) {
  test(`a client that ${what} has its request cancelled within a second: no signature and no mark`, async () => {
    level++;
    secondsEach = 1.5;
    refusals.length = 0;
    const before = signed;
    const client = new Client(post(vote()));
    await sleep(200);
    leave(client.socket);
    await sleep(1000);
    assert.deepEqual(refusals, ["the client has gone before its signature"]);
    await sleep(600);
    assert.equal(client.got, "");
    assert.equal(signed, before);
    secondsEach = 0;
    // Other bytes for that level: there is no mark in their way.
    assert.equal((await new Client(post(vote(1))).reply()).status, 200);
  });
}

test("a request that waits for its turn is cancelled as well, and the next one has it at once", async () => {
  secondsEach = 1.5;
  level += 10;
  const [first, second, third] = [0, 1, 2].map((filler) => {
    level++;
    return new Client(post(vote(filler)));
  }) as [Client, Client, Client];
  await sleep(100);
  second.socket.destroy();
  const start = performance.now();
  const replies = await Promise.all([first.reply(), third.reply()]);
  assert.deepEqual(
    replies.map(({ status }) => status),
    [200, 200],
  );
  assert.ok(performance.now() - start < 3300);
});

test("a client that closes its half and is answered before anybody looks has its answer", async () => {
  level++;
  const client = new Client(post(vote()));
  client.socket.end();
  assert.equal((await client.reply()).status, 200);
});

test("signs for one request after the other, in their order", async () => {
  secondsEach = 0.2;
  const start = performance.now();
  const took = await Promise.all(
    [1, 2, 3].map(async () => {
      level++;
      await new Client(post(vote())).reply();
      return Math.round((performance.now() - start) / 200);
    }),
  );
  assert.deepEqual(took, [1, 2, 3]);
});

test("the 101st connection waits until another one closes", async () => {
  const hundred = Array.from({ length: 100 }, () => new Client());
  await Promise.all(hundred.map(({ socket }) => new Promise((resolve) => socket.once("connect", resolve))));
  const more = new Client(request("GET /authorized_keys"));
  const another = new Client(request("GET /authorized_keys"));
  await sleep(500);
  assert.deepEqual([more.got, another.got], ["", ""]);
  hundred[0]?.socket.destroy();
  assert.equal((await more.reply()).status, 200);
  assert.equal(another.got, "");
  more.socket.destroy();
  assert.equal((await another.reply()).status, 200);
});

test("has no limit of size, neither for a body nor for a header", async () => {
  const large = request(`POST ${key()}`, [...json, `x-large: ${"a".repeat(200_000)}`], `"${"03".repeat(1_000_000)}"`);
  const reply = await new Client(large).reply();
  assert.match(reply.body, /magic byte 0x03 not allowed/);
});

test("has no time limit: idle connections and half a request stay open, and are served in the end", async () => {
  const idle = new Client();
  const half = new Client("GET /authorized_keys HTTP/1.1\r\nho");
  await sleep(12_000);
  assert.deepEqual([idle.ended, half.ended], [false, false]);
  half.socket.write("st: signer\r\n\r\n");
  idle.socket.write(request("GET /authorized_keys"));
  assert.deepEqual([(await half.reply()).status, (await idle.reply()).status], [200, 200]);
});

test("leaves nothing in its folder but its marks", () => {
  assert.deepEqual(readdirSync(folder), ["attestation_high_watermarks"]);
});
