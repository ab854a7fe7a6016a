import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { until } from "../../testbed/background.ts";
import { Gateway, serveTests } from "../../testbed/gatewayRig.ts";
import { TunnelEnd, well } from "../../testbed/tunnelEnd.ts";

const key = "tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6";
const gateway = new Gateway();
const home = new TunnelEnd();
const other = new TunnelEnd();

serveTests(gateway, [home, other], () => [
  { name: "home", port: home.port, keys: [key] },
  { name: "other", port: other.port, keys: ["tz2BC83pvEAag6r2ZV7kPghNAbjFoiqhCvZx"] },
]);

beforeEach(async () => {
  home.answer = well;
  home.answerCheck = undefined;
  await home.open();
  await gateway.sessionEnds("home");
  await gateway.isUp("home", true);
  home.arrivals.length = 0;
});

describe("whether the signer wants authenticated requests", () => {
  const ask = () => gateway.get(home.port, "/authorized_keys");
  const kept = () => gateway.command(`get var proc.kept_${home.port}`);
  /** Makes the signer answer with this text, and send the head first. */
  const answers = (text: string) => {
    home.answer = (arrival, response, socket) => {
      if (arrival.target !== "/authorized_keys") return well(arrival, response, socket);
      response.writeHead(200, { "content-type": "application/json; charset=utf-8" }).flushHeaders();
      setTimeout(() => response.end(text), 100);
    };
  };

  test("is asked through the tunnel while nobody says which session there is", async () => {
    await ask();
    await ask();
    assert.equal(home.arrivals.length, 2);
  });

  test("is answered with what the last check was answered, while the session is the same", async () => {
    const text = '{"authorized_keys":["tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6"],"a":"|"}\n';
    answers(text);
    await gateway.sessionOpens("home", "one");
    await until("the answer is kept", 5, async () => (await kept()).includes("|one|"));
    const reply = await ask();
    assert.deepEqual(
      [reply.status, reply.text, reply.contentType],
      [200, text.replace("\n", " "), "application/json; charset=utf-8"],
    );
    assert.equal(home.arrivals.length, 0);
  });

  test("is asked anew in a new session, and when the answer is old", async () => {
    await gateway.sessionOpens("home", "two");
    await until("the answer is kept", 5, async () => (await kept()).includes("|two|"));
    assert.equal((await ask()).status, 200);
    assert.equal(home.arrivals.length, 0);
    // In a new session, the answer kept of the older one is not used, even if a check was under way.
    const checks = home.checks;
    await gateway.sessionOpens("home", "three");
    await ask();
    if (home.checks === checks) assert.equal(home.arrivals.length, 1);
    await until("the answer is kept", 5, async () => (await kept()).includes("|three|"));
    home.arrivals.length = 0;
    home.answerCheck = (_, response) => void response.writeHead(500).end();
    await until(
      "it is asked through the tunnel",
      5,
      async () => (await ask()).status === 200 && home.arrivals.length > 0,
    );
    await gateway.sessionEnds("home");
  });

  test("is not answered with what a signer said that has gone", async () => {
    await gateway.sessionOpens("home", "four");
    await until("the answer is kept", 5, async () => (await kept()).includes("|four|"));
    await gateway.sessionEnds("home");
    await ask();
    assert.equal(home.arrivals.length, 1);
    await gateway.sessionOpens("home", "five");
    await home.close();
    await until("it is not answered", 5, async () => (await ask()).status === 502);
  });
});

test("a signer whose answer has several lines is there like any other", async () => {
  home.answer = (arrival, response, socket) =>
    arrival.target === "/authorized_keys"
      ? void response
          .writeHead(200, { "content-type": "application/json" })
          .end('{\r\n\t"authorized_keys": [\n\t]\n}\n\n')
      : well(arrival, response, socket);
  await gateway.sessionOpens("home", "lines");
  const checks = home.checks;
  await until("it has been checked", 10, () => home.checks >= checks + 5);
  await gateway.isUp("home", true);
  const { status, text } = await gateway.get(home.port, "/authorized_keys");
  assert.deepEqual([status, JSON.parse(text)], [200, { authorized_keys: [] }]);
  await gateway.sessionEnds("home");
});

test("a page that a slow host takes 4 s for is shown", async () => {
  home.answer = (arrival, response, socket) => void setTimeout(() => well(arrival, response, socket), 4000);
  home.answerCheck = well;
  assert.equal((await gateway.get(8404, "/signers/home/healthz")).status, 200);
});

describe("the port for monitoring", () => {
  const statusOf = async (path: string, port = 8404) => (await gateway.get(port, path)).status;
  test("has the health of the gateway, and metrics", async () => {
    assert.equal(await statusOf("/healthz"), 200);
    assert.match(
      (await gateway.get(8404, "/metrics")).text,
      /haproxy_server_status\{proxy="tunnel-home",server="tunnel"/,
    );
  });
  test("has the pages of the signers' hosts, with their query, and nothing else of them", async () => {
    const query = "?ledger_url=ledger://a-b-c-d/ed25519/0h/0h&x=%2f";
    assert.equal(await statusOf("/signers/home/healthz"), 200);
    assert.equal(await statusOf(`/signers/home/statusz/${key}${query}`), 200);
    assert.deepEqual(
      home.arrivals.map(({ method, target }) => `${method} ${target}`),
      ["GET /healthz", `GET /statusz/${key}${query}`],
    );
    const others = ["/", "/signers/home/authorized_keys", `/signers/home/keys/${key}`, `/signers/other/statusz/${key}`];
    for (const path of [...others, "/signers/nobody/healthz", "/signers/home/healthz/", "/signers/home//healthz"]) {
      assert.equal(await statusOf(path), 404, path);
    }
    for (const path of [`/signers/home/statusz/${key}/?x`, `/signers/home/statusz?/${key}`]) {
      assert.equal(await statusOf(path), 404, path);
    }
    assert.equal((await gateway.post(8404, `/signers/home/statusz/${key}`, "")).status, 403);
    assert.equal(home.arrivals.length, 2);
    assert.equal(other.arrivals.filter(({ target }) => target !== "/authorized_keys").length, 0);
  });
});
