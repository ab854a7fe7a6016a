import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { blockBytes, voteBytes } from "../../signer-host/dev/sampleBytes.ts";
import { until } from "../../testbed/background.ts";
import { raw } from "../../testbed/gatewayClient.ts";
import { Gateway, type Line, serveTests } from "../../testbed/gatewayRig.ts";
import { type Answer, signature, TunnelEnd, well } from "../../testbed/tunnelEnd.ts";

const key = "tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6";
const gateway = new Gateway();
const home = new TunnelEnd();
const idle = new TunnelEnd();
let level = 100;
/** Bytes of the next level: those of one level are asked for once, however often they are sent. */
const next = () => blockBytes({ level: ++level, round: 3 });

serveTests(gateway, [home, idle], () => [
  { name: "home", port: home.port, keys: [key] },
  { name: "without-keys", port: idle.port },
]);

beforeEach(async () => {
  home.answer = well;
  home.answerCheck = well;
  await home.open();
  await gateway.isUp("home", true);
  home.arrivals.length = 0;
});

/** Does some work and returns the log lines that it causes, without times and durations. */
async function linesOf(work: () => Promise<unknown>, count: number): Promise<Line[]> {
  const start = Date.now();
  await work();
  await until(
    "the lines are there",
    5,
    () => gateway.linesSince(start).length >= count,
    () => gateway.output(),
  );
  return gateway.linesSince(start).map(({ time: _, ms: __, ...rest }) => rest);
}

describe("a request of a baker", () => {
  test("reaches the signer with its query string and body, byte for byte, and so does the answer", async () => {
    const query = "?version=2&authentication=edsig%2B/x%20y&&=&a=%c3%a9";
    const body = `"${next().toString("hex").toUpperCase()}"\n`;
    const reply = await gateway.post(home.port, `/keys/${key}${query}`, body);
    assert.deepEqual(
      [reply.status, reply.text, reply.contentType],
      [200, `{"signature":"${signature}"}\n`, "application/json"],
    );
    const [arrival] = home.asked;
    assert.deepEqual([arrival?.method, arrival?.target, arrival?.body], ["POST", `/keys/${key}${query}`, body]);
  });

  test("of several pieces or in chunks reaches it whole", async () => {
    const hex = next().toString("hex");
    const chunks = [`"${hex.slice(0, 5)}`, hex.slice(5, 100), `${hex.slice(100)}"`];
    const { rawAnswer } = await gateway.chunked(home.port, `/keys/${key}`, chunks);
    assert.match(rawAnswer, /^HTTP\/1\.1 200 /);
    assert.equal(home.asked[0]?.body, `"${hex}"`);
  });

  test("that waits for leave to send its body gets it, and one in HTTP/1.0 is answered as well", async () => {
    const [body, other] = [next(), next()].map((bytes) => `"${bytes.toString("hex")}"`) as [string, string];
    const head = (version: string, more: string) =>
      `POST /keys/${key} HTTP/${version}\r\nhost: gateway\r\ncontent-length: ${body.length}\r\n${more}\r\n`;
    const waiting = await raw(home.port, [head("1.1", "expect: 100-continue\r\n"), body]);
    assert.match(waiting, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
    assert.match(await raw(home.port, [head("1.0", "") + other]), /^HTTP\/1\.[01] 200 /);
    assert.deepEqual(
      home.asked.map((arrival) => arrival.body),
      [body, other],
    );
  });

  test("for a public key reaches it too", async () => {
    const reply = await gateway.get(home.port, `/keys/${key}`);
    assert.deepEqual([reply.status, reply.text], [200, '{"public_key":"edpk"}\n']);
    assert.equal(home.arrivals[0]?.target, `/keys/${key}`);
  });

  test("uses a connection of an earlier one, also if it comes on a new one itself", async () => {
    for (let count = 0; count < 6; count++) await gateway.sign(home.port, key, next());
    await sleep(2500);
    await gateway.sign(home.port, key, next());
    assert.equal(new Set(home.asked.map(({ connection }) => connection)).size, 1);
  });

  test("with as much as a mebibyte reaches it", async () => {
    const body = `"${next().toString("hex")}${"00".repeat(524_000)}"`;
    const reply = await gateway.post(home.port, `/keys/${key}`, body);
    assert.equal(reply.status, 200);
    assert.equal(home.asked[0]?.body, body);
  });
});

test("a signer without keys has nothing asked of it but whether it wants authenticated requests", async () => {
  assert.equal((await gateway.get(idle.port, "/authorized_keys")).status, 200);
  assert.equal((await gateway.get(idle.port, `/keys/${key}`)).status, 403);
  assert.equal((await gateway.sign(idle.port, key, next())).status, 403);
  assert.deepEqual(idle.arrivals, [], "the first is answered with what the last check was answered");
});

describe("the log", () => {
  test("has a line for each signature, with what was signed", async () => {
    const block = next();
    const lines = await linesOf(async () => {
      await gateway.sign(home.port, key, block);
      await gateway.sign(home.port, key, voteBytes(0x12, { level: level + 1, round: 1 }), "?authentication=secret");
      await gateway.sign(home.port, key, voteBytes(0x13, { level: level - 8, round: 0 }));
    }, 3);
    const line = { signer: "home", key, status: 200, cause: "" };
    assert.deepEqual(lines, [
      { ...line, kind: "block", level, round: 3 },
      { ...line, kind: "preattestation", level: level + 1, round: 1 },
      { ...line, kind: "attestation", level: level - 8, round: 0 },
    ]);
    const whole = gateway.lines().at(-1);
    assert.match(whole?.time as string, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(Number.isInteger(whole?.ms));
  });

  test("has none for what is not a signature, if it goes well", async () => {
    const lines = await linesOf(async () => {
      await gateway.get(home.port, "/authorized_keys");
      await gateway.get(home.port, `/keys/${key}`);
      await gateway.get(8404, "/healthz");
      await gateway.get(8404, "/metrics");
      await gateway.get(home.port, "/last");
    }, 1);
    assert.deepEqual(
      lines.map(({ path }) => path),
      ["/last"],
    );
  });

  test("has no query value, body or signature in it", () => {
    for (const secret of [
      "secret",
      "authentication",
      signature,
      blockBytes({ level: 102 }).toString("hex").slice(0, 18),
    ]) {
      assert.ok(!gateway.output().includes(secret), secret);
    }
  });
});

/** Gives this answer to a POST, and a healthy one to everything else. */
const signing =
  (answer: Answer): Answer =>
  (arrival, response, socket) =>
    (arrival.method === "POST" ? answer : well)(arrival, response, socket);

/** Sends the beginning at once, and the rest letter by letter. */
const trickle = (beginning: string, text: string): Answer =>
  signing((_, __, socket) => {
    socket.write(beginning);
    for (const [index, letter] of [...text].entries()) setTimeout(() => socket.write(letter), index * 150).unref();
  });

describe("a signer that gives no good answer makes a 502, in 5 s at most, with a line that says why:", () => {
  const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
  const cases: [string, Answer, string][] = [
    ["one that never answers", signing(() => {}), "timeout"],
    ["one whose answer begins slowly", trickle("", `${head}\r\n`), "timeout"],
    ["one whose answer goes on slowly", trickle(`${head}content-length: 99\r\n\r\n`, "x".repeat(99)), "timeout"],
    ["one that answers garbage", signing((_, __, socket) => void socket.end("SSH-2.0-garbage\r\n\r\n")), "bad answer"],
    [
      "one that answers an unreadable head",
      signing((_, __, socket) => void socket.end(`${head}content-length: x\r\n\r\n`)),
      "bad answer",
    ],
    ["one that closes without an answer", signing((_, __, socket) => void socket.destroy()), "bad answer"],
    [
      "one that breaks off",
      signing((_, __, socket) => void socket.end(`${head}content-length: 60\r\n\r\n{"signature`)),
      "bad answer",
    ],
    [
      "one whose answer is huge",
      signing((_, response) => void response.writeHead(200).end("x".repeat(300_000))),
      "bad answer",
    ],
    [
      "one whose answer has no signature",
      signing((_, response) => void response.writeHead(200, { "content-type": "application/json" }).end("{}")),
      "bad answer",
    ],
  ];
  for (const [what, answer, cause] of cases) {
    test(what, async () => {
      home.answer = answer;
      let reply: { status: number; ms: number } | undefined;
      const lines = await linesOf(async () => {
        reply = await gateway.sign(home.port, key, next());
      }, 1);
      assert.equal(reply?.status, 502);
      assert.ok((reply?.ms ?? 0) < 5900, `${reply?.ms} ms`);
      assert.deepEqual(lines, [{ signer: "home", key, kind: "block", level, round: 3, status: 502, cause }]);
      assert.ok(home.asked.length <= 2, `it was asked ${home.asked.length} times`);
    });
  }
});

test("a signer's own error is passed on as it is, and said to be its own", async () => {
  const text = '[{"kind":"temporary","id":"failure","msg":"no"}]';
  home.answer = signing(
    (_, response) => void response.writeHead(500, { "content-type": "application/json" }).end(text),
  );
  let reply: { status: number; text: string } | undefined;
  const lines = await linesOf(async () => {
    reply = await gateway.sign(home.port, key, next());
  }, 1);
  assert.deepEqual([reply?.status, reply?.text], [500, text]);
  assert.deepEqual([lines[0]?.status, lines[0]?.cause], [500, "signer error"]);
});
