import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import type { Socket } from "node:net";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type RawClient, RawRig, request } from "./rawRig.ts";
import { voteBytes } from "./sampleBytes.ts";

// How a real octez-signer treats its connections, as observed.

let rig: RawRig;
let level = 100;
/** The only clients of another signer: one that sends nothing, and one that stops in the middle of its request. */
let patient: { rig: RawRig; since: number; idle: RawClient; half: RawClient };
before(async () => {
  rig = await RawRig.start();
  const other = await RawRig.start();
  const half = other.client("GET /authorized_keys HTTP/1.1\r\nho");
  patient = { rig: other, since: performance.now(), idle: other.client(), half };
});
afterEach(() => rig.clean());
after(async () => {
  await rig.stop();
  await patient.rig.stop();
});

const vote = (filler = 0) => voteBytes(0x13, { level, filler });
const key = () => `/keys/${rig.address}`;
const json = ["content-type: application/json"];

test("takes bytes after their length as octet-stream", async () => {
  level++;
  const bytes = vote();
  const body = Buffer.concat([Buffer.of(0, 0, 0, bytes.length), bytes]);
  const sent = await fetch(`http://127.0.0.1:${rig.port}${key()}`, {
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
  const reply = await rig.client(`${line}${hex.length.toString(16)}\r\n${hex}\r\n0\r\n\r\n`).reply();
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
    rig.secondsEach = 1.5;
    rig.refusals.length = 0;
    const before = rig.signed;
    const client = rig.client(rig.post(vote()));
    await sleep(200);
    leave(client.socket);
    await sleep(1000);
    assert.deepEqual(rig.refusals, ["the client left before its signature was made"]);
    await sleep(600);
    assert.equal(client.got, "");
    assert.equal(rig.signed, before);
    rig.secondsEach = 0;
    // Other bytes for that level are signed, because there is no mark.
    assert.equal((await rig.client(rig.post(vote(1))).reply()).status, 200);
  });
}

test("a request that waits for its turn is cancelled as well, and the next one has it at once", async () => {
  rig.secondsEach = 1.5;
  level += 10;
  const [first, second, third] = [0, 1, 2].map((filler) => {
    level++;
    return rig.client(rig.post(vote(filler)));
  }) as [RawClient, RawClient, RawClient];
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
  const client = rig.client(rig.post(vote()));
  client.socket.end();
  assert.equal((await client.reply()).status, 200);
});

test("signs for one request after the other, in their order", async () => {
  rig.secondsEach = 0.2;
  const start = performance.now();
  const took = await Promise.all(
    [1, 2, 3].map(async () => {
      level++;
      await rig.client(rig.post(vote())).reply();
      return performance.now() - start;
    }),
  );
  for (const [before, ms] of took.sort((a, b) => a - b).entries()) assert.ok(ms >= (before + 1) * 195, `${took}`);
});

test("the 101st connection waits until another one closes", async () => {
  const hundred = Array.from({ length: 100 }, () => rig.client());
  await Promise.all(hundred.map(({ socket }) => new Promise((resolve) => socket.once("connect", resolve))));
  const more = rig.client(request("GET /authorized_keys"));
  const another = rig.client(request("GET /authorized_keys"));
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
  const reply = await rig.client(large).reply();
  assert.match(reply.body, /magic byte 0x03 not allowed/);
});

test("has no time limit: idle connections and half a request stay open, and are served in the end", async () => {
  const { half, idle, since } = patient;
  // They have waited since before the tests above.
  await sleep(Math.max(0, since + 12_000 - performance.now()));
  assert.deepEqual([idle.ended, half.ended], [false, false]);
  half.socket.write("st: signer\r\n\r\n");
  idle.socket.write(request("GET /authorized_keys"));
  assert.deepEqual([(await half.reply()).status, (await idle.reply()).status], [200, 200]);
});

test("leaves nothing in its folder but its marks", () => {
  assert.deepEqual(readdirSync(rig.folder), ["attestation_high_watermarks"]);
});
