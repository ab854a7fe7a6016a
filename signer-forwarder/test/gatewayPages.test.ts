import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { blockBytes } from "../../signer-host/dev/sampleBytes.ts";
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
  await gateway.sessionOpens("home");
  await gateway.isUp("home", true);
  home.arrivals.length = 0;
});

describe("whether the signer wants authenticated requests", () => {
  const ask = () => gateway.get(home.port, "/authorized_keys");
  /** Makes the signer answer with this text, and send the head first. */
  const answers = (text: string, ms = 100) => {
    home.answer = (arrival, response, socket) => {
      if (arrival.target !== "/authorized_keys") return well(arrival, response, socket);
      response.writeHead(200, { "content-type": "application/json; charset=utf-8" }).flushHeaders();
      setTimeout(() => response.end(text), ms);
    };
  };

  test("is answered with what the last check was answered, byte for byte", async () => {
    const text = '{"authorized_keys":["tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6"],\r\n\t"a":"|"}\n\n';
    answers(text);
    await gateway.sessionOpens("home");
    await gateway.isUp("home", true);
    const reply = await ask();
    assert.deepEqual([reply.status, reply.text, reply.contentType], [200, text, "application/json; charset=utf-8"]);
    assert.equal(home.arrivals.length, 0);
  });

  test("waits for the first check of a session, and is not what an older session has said", async () => {
    answers('{"session": 1}');
    await gateway.sessionOpens("home");
    await gateway.isUp("home", true);
    answers('{"session": 2}', 800);
    await gateway.sessionOpens("home");
    assert.equal((await ask()).text, '{"session": 2}');
    assert.equal(home.arrivals.length, 0);
  });

  test("is not answered with what a signer said that has gone", async () => {
    await gateway.sessionEnds("home");
    const held = await ask();
    assert.equal(held.status, 502);
    assert.ok(held.ms > 500 && held.ms < 1900, `${held.ms} ms`);
    const waiting = ask();
    await gateway.sessionOpens("home");
    assert.equal((await waiting).status, 200);
    await home.close();
    await until("it is not answered", 25, async () => (await ask()).status === 502);
  });
});

describe("a signer whose device can't sign, as it says itself,", () => {
  const device = (word: string) => {
    home.answerCheck = (_, response) =>
      void response
        .writeHead(503, { "content-type": "application/json" })
        .end(JSON.stringify({ device: word, since: "2026-11-28T09:00:00Z" }));
  };
  const ready = async () => (await gateway.state("home")).Ready;

  test("has 502 answered at once, with its cause, until its device is back", async () => {
    device("locked");
    await gateway.sessionOpens("home");
    await until("it is known", 5, async () => !(await ready()));
    const replies = [
      await gateway.sign(home.port, key, blockBytes({ level: 1 })),
      await gateway.get(home.port, "/authorized_keys"),
    ];
    for (const { status, text, ms } of replies) {
      assert.deepEqual([status, text], [502, "The signer's device can't sign: locked.\n"]);
      assert.ok(ms < 700, `${ms} ms`);
    }
    assert.equal(home.asked.length, 0);
    const locked = () => gateway.lines().filter(({ status, cause }) => status === 502 && cause === "device locked");
    await until("both have a line with the cause", 5, () => locked().length === 2);
    assert.match(gateway.output(), /home: connected, but its device can't sign: locked; its bakers get 502\n/);
    const { text } = await gateway.get(8404, "/metrics");
    for (const line of ['signer_device_ready{signer="home"} 0', 'signer_answers{signer="home"} 1']) {
      assert.ok(text.includes(`\n${line}\n`), line);
    }
    home.answerCheck = undefined;
    await until("it is ready", 3, ready);
    assert.equal((await gateway.sign(home.port, key, blockBytes({ level: 1 }))).status, 200);
    assert.match(gateway.output(), /home: its device can sign again\n/);
  });

  test("counts as down if what it says is not known", async () => {
    home.answerCheck = (_, response) => void response.writeHead(503).end('{"error": "no"}');
    await gateway.sessionOpens("home");
    await gateway.isUp("home", false);
    assert.match(gateway.output(), /home: nothing answers through its tunnel \(it answers 503 to a check\)/);
  });
});

test("a page that a slow host takes 4 s for is shown", async () => {
  home.answer = (arrival, response, socket) => void setTimeout(() => well(arrival, response, socket), 4000);
  home.answerCheck = well;
  assert.equal((await gateway.get(8404, "/signers/home/healthz")).status, 200);
});

describe("the page of a host, /healthz,", () => {
  const page = (query = "") => gateway.get(8404, `/signers/home/healthz${query}`);
  /** Has the host answer with this page, and counts how often it was asked since. */
  const serve = (text: string, status = 200) => {
    home.arrivals.length = 0;
    home.answerCheck = well;
    home.answer = (_, response) => void response.writeHead(status, { "content-type": "text/plain; x=y" }).end(text);
    return () => home.arrivals.filter(({ target }) => target.startsWith("/healthz")).length;
  };
  const metered = (value: number) => `signer_host_info{signer="home"} 1\nsigner_host_uplink_metered ${value}\n`;

  test("is read each time through an uplink that is not metered, or of which that is not known", async () => {
    for (const text of [metered(0), 'signer_host_info{signer="home"} 1\n']) {
      const asked = serve(text);
      for (const count of [1, 2]) {
        const reply = await page();
        assert.deepEqual([reply.text, reply.contentType, asked()], [text, "text/plain; x=y", count]);
      }
    }
  });

  test("is served again through a metered uplink, unless a fresh one is asked for, or the session is new", async () => {
    const asked = serve(metered(1));
    for (let count = 0; count < 3; count++) assert.equal((await page()).text, metered(1));
    assert.equal(asked(), 1);
    await page("?fresh=true");
    assert.equal(asked(), 2);
    await gateway.sessionOpens("home");
    await gateway.isUp("home", true);
    await page();
    await page();
    assert.equal(asked(), 3);
    await gateway.sessionEnds("home");
    assert.equal((await page()).status, 502, "nothing is known of a host without a tunnel");
  });

  test("is read in gzip where the host can do that", async () => {
    home.answerCheck = well;
    home.answer = (_, response) =>
      void response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(metered(0).repeat(2000)));
    const { status, text } = await page();
    assert.deepEqual([status, text], [200, metered(0).repeat(2000)]);
    const { headers } = home.arrivals.at(-1) ?? {};
    assert.deepEqual(headers?.slice(-2), ["accept-encoding", "gzip"]);
  });

  test("is an empty page of metrics for a host that has none, which is asked seldom", async () => {
    const asked = serve("Not found", 404);
    for (let count = 0; count < 2; count++) {
      const { status, text, contentType } = await page();
      assert.deepEqual([status, contentType], [200, "text/plain; version=0.0.4; charset=utf-8"]);
      assert.match(text, /^#.*\n$/);
    }
    assert.equal(asked(), 1);
  });

  test("of another wrapper is asked for seldom too, and an error is no page", async () => {
    const asked = serve("node_load1 0.5\n");
    for (let count = 0; count < 2; count++) assert.equal((await page()).text, "node_load1 0.5\n");
    assert.equal(asked(), 1);
    await gateway.sessionOpens("home");
    await gateway.isUp("home", true);
    const failing = serve("Service unavailable", 503);
    for (let count = 0; count < 2; count++) assert.equal((await page()).status, 503);
    assert.equal(failing(), 2);
  });
});

describe("the port for monitoring", () => {
  const statusOf = async (path: string, port = 8404) => (await gateway.get(port, path)).status;
  test("has the health of the gateway, and metrics", async () => {
    assert.equal(await statusOf("/healthz"), 200);
    assert.match((await gateway.get(8404, "/metrics")).text, /\nsigner_answers\{signer="home"\} 1\n/);
  });
  test("has the pages of the signers' hosts, with their query, and nothing else of them", async () => {
    const query = "?ledger_url=ledger://a-b-c-d/ed25519/0h/0h&x=%2f";
    assert.equal(await statusOf("/signers/home/healthz"), 200);
    assert.equal(await statusOf(`/signers/home/statusz/${key}${query}`), 200);
    assert.deepEqual(
      home.arrivals.map(({ method, target }) => `${method} ${target}`),
      ["GET /healthz", `GET /statusz/${key}${query}`],
    );
    // Whose requests the signer signs is known from its check: nobody asks it for that again.
    assert.equal(
      (await gateway.get(8404, "/signers/home/authorized_keys")).text,
      (await gateway.get(home.port, "/authorized_keys")).text,
    );
    const others = [
      "/",
      "/signers/home/authorized_keys/",
      `/signers/home/keys/${key}`,
      `/signers/other/statusz/${key}`,
    ];
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
