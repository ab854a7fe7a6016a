import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { blockBytes } from "../../signer-host/dev/sampleBytes.ts";
import { until } from "../../testbed/background.ts";
import { raw } from "../../testbed/gatewayClient.ts";
import { Gateway, serveTests } from "../../testbed/gatewayRig.ts";
import { TunnelEnd } from "../../testbed/tunnelEnd.ts";

const key = "tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6";
const foreign = "tz2BC83pvEAag6r2ZV7kPghNAbjFoiqhCvZx";
const gateway = new Gateway();
const home = new TunnelEnd();
const bodyOf = (level: number) => JSON.stringify(blockBytes({ level, round: 3 }).toString("hex"));
const body = bodyOf(12);
const transfer = `"03${"00".repeat(90)}"`;

serveTests(gateway, [home], () => [{ name: "home", port: home.port, keys: [key] }]);

const get = (target: string) => `GET ${target} HTTP/1.1\r\nhost: gateway\r\n\r\n`;
const post = (target: string, text: string, headers = `content-length: ${text.length}\r\n`) =>
  `POST ${target} HTTP/1.1\r\nhost: gateway\r\n${headers}\r\n${text}`;

/** The status of each answer in a text. */
const statuses = (text: string) => [...text.matchAll(/^HTTP\/1\.[01] (\d+) /gm)].map((match) => Number(match[1]));

/** Sends bytes, and returns the answers' statuses, the requests that left the tunnel, and the reasons in the log. */
async function send(...pieces: string[]): Promise<{ answers: number[]; arrived: string[]; reasons: unknown[] }> {
  home.arrivals.length = 0;
  const start = Date.now();
  const answers = statuses(await raw(home.port, pieces));
  const failed = answers.filter((status) => status === 403 || status === 400).length;
  await until("the lines are there", 5, () => gateway.linesSince(start).length >= failed);
  const refused = gateway.linesSince(start);
  const arrived = home.arrivals.map(({ method, target, body: text }) => `${method} ${target} ${text}`.trim());
  return { answers, arrived, reasons: refused.map((line) => line.refused).filter(Boolean) };
}

describe("it refuses with 403, says why in the log, and lets nothing into the tunnel:", () => {
  const keyPath = `/keys/${key}`;
  const cases: [string, string, string, string][] = [
    ["another path", "path", get("/known_keys"), "/known_keys"],
    ["the root", "path", get("/"), "/"],
    ["a proof of possession", "path", get(`/bls_prove_possession/${key}`), `/bls_prove_possession/${key}`],
    ["the host's health, which has a port of its own", "path", get("/healthz"), "/healthz"],
    ["a path that goes on", "path", get(`${keyPath}/x`), `${keyPath}/x`],
    ["a path that ends in a slash", "path", get("/authorized_keys/"), "/authorized_keys/"],
    ["a path in other letters", "path", get("/Authorized_keys"), "/Authorized_keys"],
    ["a path of two slashes", "path", get("//authorized_keys"), "//authorized_keys"],
    ["a path with a hidden letter", "path", get("/authorized%5Fkeys"), "/authorized%5Fkeys"],
    ["a path that climbs", "path", get(`/keys/../authorized_keys`), "/keys/../authorized_keys"],
    ["no key", "path", get("/keys/"), "/keys/"],
    ["another method", "method", `PUT ${keyPath} HTTP/1.1\r\nhost: g\r\ncontent-length: 0\r\n\r\n`, keyPath],
    ["a HEAD", "method", `HEAD /authorized_keys HTTP/1.1\r\nhost: g\r\n\r\n`, "/authorized_keys"],
    ["an OPTIONS", "method", `OPTIONS ${keyPath} HTTP/1.1\r\nhost: g\r\n\r\n`, keyPath],
    ["a TRACE", "method", `TRACE ${keyPath} HTTP/1.1\r\nhost: g\r\n\r\n`, keyPath],
    ["a POST where none is", "method", post("/authorized_keys", body), "/authorized_keys"],
    ["a key that is not the signer's", "key", get(`/keys/${foreign}`), `/keys/${foreign}`],
    [
      "a signature by a key that is not the signer's",
      "key",
      post(`/keys/${foreign}?version=2`, body),
      `/keys/${foreign}`,
    ],
    ["a key in disguise", "key", get(`/keys/tz1%61${key.slice(4)}`), `/keys/tz1%61${key.slice(4)}`],
    ["a key with more behind it", "key", get(`${keyPath};x`), `${keyPath};x`],
    ["a transfer", "magic", post(keyPath, transfer), keyPath],
    ["another magic byte", "magic", post(keyPath, '"14ff"'), keyPath],
    ["half a magic byte", "malformed", post(keyPath, '"1"'), keyPath],
    ["nothing to sign", "magic", post(keyPath, '""'), keyPath],
    ["no body", "malformed", post(keyPath, ""), keyPath],
    ["a body that is no JSON string", "malformed", post(keyPath, "1100"), keyPath],
    ["a body that is no hex", "malformed", post(keyPath, '"11zz"'), keyPath],
    ["half a byte", "malformed", post(keyPath, '"11f"'), keyPath],
    ["a magic byte written as escapes", "malformed", post(keyPath, '"\\u0031\\u0031"'), keyPath],
    ["a transfer behind a block", "malformed", post(keyPath, `"11"${transfer}`), keyPath],
    ["a transfer in a list with a block", "malformed", post(keyPath, `["11",${transfer}]`), keyPath],
    ["a body that has a zero byte", "malformed", post(keyPath, '"11\0"'), keyPath],
    ["a body that begins with a mark of byte order", "malformed", post(keyPath, '\xef\xbb\xbf"1100"'), keyPath],
    ["more than a mebibyte", "size", post(keyPath, `"11${"00".repeat(530_000)}"`), keyPath],
    [
      "an announced size of more",
      "size",
      post(keyPath, `"11${"0".repeat(20_000)}`, "content-length: 99999999\r\n"),
      keyPath,
    ],
    ["no hex in a long body", "malformed", post(keyPath, `"11${"zz".repeat(50_000)}"`), keyPath],
    [
      "chunks without an end",
      "size",
      post(keyPath, `5000\r\n"11${"0".repeat(0x5000 - 3)}\r\n`, "transfer-encoding: chunked\r\n"),
      keyPath,
    ],
    [
      "a transfer in chunks",
      "magic",
      post(keyPath, `${transfer.length.toString(16)}\r\n${transfer}\r\n0\r\n\r\n`, "transfer-encoding: chunked\r\n"),
      keyPath,
    ],
    [
      "a GET with a body",
      "malformed",
      get("/authorized_keys").replace("\r\n\r\n", `\r\ncontent-length: ${transfer.length}\r\n\r\n${transfer}`),
      "/authorized_keys",
    ],
    [
      "a GET with a body in chunks",
      "malformed",
      get(keyPath).replace("\r\n\r\n", "\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
      keyPath,
    ],
    [
      "an upgrade to another protocol",
      "malformed",
      get("/authorized_keys").replace("\r\n\r\n", "\r\nconnection: upgrade\r\nupgrade: telnet\r\n\r\n"),
      "/authorized_keys",
    ],
    ["a whole URL", "malformed", get("http://gateway/authorized_keys"), "/authorized_keys"],
  ];
  for (const [what, reason, request, path] of cases) {
    test(what, async () => {
      const { answers, arrived, reasons } = await send(request);
      assert.deepEqual([answers, arrived, reasons], [[403], [], [reason]]);
      const line = gateway.lines().at(-1);
      const method = request.split(" ", 1)[0];
      assert.deepEqual([line?.signer, line?.status, line?.method, line?.path], ["home", 403, method, path]);
    });
  }
});

describe("it refuses what is not HTTP, or not surely one request, with 400:", () => {
  const hidden = get("/known_keys");
  const cases: [string, string][] = [
    ["a bad size of a chunk", post(`/keys/${key}`, `zz\r\n${body}\r\n0\r\n\r\n`, "transfer-encoding: chunked\r\n")],
    ["two lengths", post(`/keys/${key}`, body, `content-length: ${body.length}\r\ncontent-length: 1\r\n`)],
    ["a negative length", post(`/keys/${key}`, body, "content-length: -1\r\n")],
    ["an unknown transfer encoding", post(`/keys/${key}`, body, "transfer-encoding: xchunked\r\n")],
    [
      "a folded header",
      get("/authorized_keys").replace("\r\n\r\n", "\r\n x: y\r\n\r\n").replace("host: gateway\r\n", ""),
    ],
    ["a space before a colon", get("/authorized_keys").replace("host:", "content-length : 5\r\nhost:")],
    ["a zero byte in a header", get("/authorized_keys").replace("gateway", "gate\0way")],
    ["a control character in the target", get("/authorized_keys\x01")],
    [
      "a line feed alone in a chunk's head",
      post(`/keys/${key}`, `5\n${body}\r\n0\r\n\r\n`, "transfer-encoding: chunked\r\n"),
    ],
    ["a head without an end", `${"GET /authorized_keys HTTP/1.1\r\nx: "}${"y".repeat(20_000)}\r\n`],
    ["HTTP/2, unannounced", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["ssh", "SSH-2.0-OpenSSH_10.0\r\n"],
  ];
  for (const [what, request] of cases) {
    test(what, async () => {
      const { answers, arrived, reasons } = await send(request + hidden);
      assert.deepEqual([answers, arrived, reasons], [[400], [], ["malformed"]]);
    });
  }
});

describe("what is smuggled in or behind a request is a request of its own, or nothing:", () => {
  const inner = post(`/keys/${key}`, transfer);
  test("behind a length and chunks, of which the chunks count", async () => {
    const headers = `content-length: ${body.length}\r\ntransfer-encoding: chunked\r\n`;
    const { answers, arrived } = await send(
      post(`/keys/${key}`, `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n${inner}`, headers),
    );
    assert.ok(
      answers.every((status, index) => (index === 0 ? [200, 400, 403].includes(status) : status !== 200)),
      `${answers}`,
    );
    assert.ok(
      arrived.every((text) => text === `POST /keys/${key} ${body}`),
      arrived.join(),
    );
  });
  test("in the body of a signature", async () => {
    const { answers, arrived } = await send(post(`/keys/${key}`, inner));
    assert.deepEqual([answers, arrived], [[403], []]);
  });
  test("behind a good request, without waiting for its answer", async () => {
    const [first, second] = [bodyOf(13), bodyOf(14)];
    const { answers, arrived, reasons } = await send(
      post(`/keys/${key}`, first) + get("/known_keys") + post(`/keys/${key}`, second),
    );
    assert.deepEqual([answers[0], answers[1]], [200, 403]);
    assert.deepEqual(reasons, ["path"]);
    assert.deepEqual(arrived, [`POST /keys/${key} ${first}`, `POST /keys/${key} ${second}`]);
  });
  test("several good ones in one piece are answered in order", async () => {
    const [first, other] = [bodyOf(15), bodyOf(16)];
    const { answers, arrived } = await send(
      post(`/keys/${key}`, first) + post(`/keys/${key}?x`, other) + get(`/keys/${key}`),
    );
    assert.deepEqual(answers, [200, 200, 200]);
    assert.deepEqual(arrived, [`POST /keys/${key} ${first}`, `POST /keys/${key}?x ${other}`, `GET /keys/${key}`]);
  });
});

test("clients that send their requests slowly are sent away with a line, and others are served meanwhile", async () => {
  const start = Date.now();
  const pieces = ["POST /ke", `ys/${key} HTTP/1.1\r\nhost: gateway\r\ncontent-length: 100\r\n\r\n"11`];
  const slow = Promise.all(Array.from({ length: 50 }, () => raw(home.port, pieces, 20_000)));
  const headless = raw(home.port, ["GET /authorized_keys HTTP/1.1\r\n"], 20_000);
  const { answers } = await send(post(`/keys/${key}`, bodyOf(17)));
  assert.deepEqual(answers, [200]);
  assert.deepEqual(new Set((await slow).flatMap(statuses)), new Set([408]));
  assert.deepEqual(statuses(await headless), [408]);
  assert.equal(home.asked.length, 1);
  const late = () =>
    gateway.linesSince(start).filter(({ refused, status }) => refused === "malformed" && status === 408);
  await until("each has a line", 5, () => late().length === 51);
});
