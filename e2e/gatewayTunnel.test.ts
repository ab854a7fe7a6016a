import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { blockBytes } from "../signer-host/dev/sampleBytes.ts";
import { stopAll, until } from "./background.ts";
import { Gateway, podAddress } from "./gatewayRig.ts";
import { TunnelEnd, well } from "./tunnelEnd.ts";

const key = "tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6";
const gateway = new Gateway();
const home = new TunnelEnd();
const other = new TunnelEnd();
const bytes = blockBytes({ level: 12, round: 3 });
const signers = () => [
  { name: "home", port: home.port, keys: [key] },
  { name: "other", port: other.port, keys: ["tz2BC83pvEAag6r2ZV7kPghNAbjFoiqhCvZx"] },
];

before(async () => {
  await home.open();
  await other.open();
  await gateway.start(signers());
});

beforeEach(async () => {
  home.answer = well;
  home.answerCheck = undefined;
  await home.open();
  await gateway.sessionEnds("home");
  await gateway.isUp("home", true);
  home.arrivals.length = 0;
});

after(async () => {
  await gateway.stop();
  await home.close();
  await other.close();
  await stopAll();
});

const sign = () => gateway.sign(home.port, key, bytes);
/** Waits until the last lines have these causes. */
const lastCauses = (...wanted: string[]) => {
  const causes = () =>
    gateway
      .lines()
      .map(({ cause }) => cause)
      .slice(-wanted.length)
      .join();
  return until(`the causes ${wanted}`, 5, () => causes() === wanted.join(), causes);
};

describe("a tunnel that is gone", () => {
  test("has a request held until it is back", async () => {
    await home.close();
    const reply = sign();
    await sleep(400);
    await home.open();
    assert.equal((await reply).status, 200);
    assert.equal(home.asked.length, 1);
  });

  test("makes a 502 for a request that it is not back for, and at once when it is known to be down", async () => {
    await home.close();
    const held = await sign();
    assert.equal(held.status, 502);
    assert.ok(held.ms > 500 && held.ms < 1900, `${held.ms} ms`);
    await gateway.isUp("home", false);
    const refused = await sign();
    assert.equal(refused.status, 502);
    assert.ok(refused.ms < 300, `${refused.ms} ms`);
    assert.equal((await gateway.get(home.port, "/authorized_keys")).status, 502);
    await lastCauses("no tunnel", "no tunnel", "no tunnel");
  });

  test("has requests held again as soon as its signer has logged in", async () => {
    await home.close();
    await gateway.isUp("home", false);
    await gateway.sessionOpens("home", "again");
    const reply = sign();
    await sleep(300);
    await home.open();
    assert.equal((await reply).status, 200);
  });

  test("is known to be back within a second or so, also if nobody says so", async () => {
    await home.close();
    await gateway.isUp("home", false);
    await home.open();
    await gateway.isUp("home", true);
    assert.equal((await sign()).status, 200);
  });

  test("in the middle of a request has it asked again through the next one, once", async () => {
    await sign();
    home.answer = () => void home.close().then(() => setTimeout(() => home.open(), 200));
    const reply = sign();
    await until("the tunnel is gone", 5, () => home.asked.length === 2);
    home.answer = well;
    assert.equal((await reply).status, 200);
    assert.equal(home.asked.length, 3);
  });

  test("in the middle of a request, on a connection that is used again by both sides, is no reason to be silent", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const status = () =>
      new Promise<number | undefined>((resolve, reject) => {
        const outgoing = request({ host: podAddress, port: home.port, path: `/keys/${key}`, agent }, (response) => {
          response.resume().on("end", () => resolve(response.statusCode));
        });
        outgoing.on("error", reject).end();
      });
    assert.deepEqual([await status(), await status()], [200, 200]);
    home.answer = () => void home.close();
    assert.equal(await status(), 502);
    agent.destroy();
  });
});

test("a tunnel that is up but answers nothing makes a 502 within 2 s, and at once when it is known to be down", async () => {
  home.answer = () => {};
  const replies = [await sign()];
  await gateway.isUp("home", false);
  replies.push(await sign());
  assert.deepEqual(
    replies.map(({ status }) => status),
    [502, 502],
  );
  assert.ok((replies[0]?.ms ?? 0) < 2500 && (replies[1]?.ms ?? 0) < 300, `${replies.map(({ ms }) => ms)} ms`);
  await lastCauses("timeout", "no tunnel");
  assert.equal((await gateway.get(other.port, "/authorized_keys")).status, 200, "the other signer");
});

describe("whether the signer wants authenticated requests", () => {
  const ask = () => gateway.get(home.port, "/authorized_keys");
  const kept = () => gateway.command(`get var proc.kept_${home.port}`);
  /** Answers so, the head first. */
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
    // A new session: what was kept of the older one is not used, whether a check has been under way or not.
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

describe("the port for monitoring", () => {
  const statusOf = async (path: string, port = 8404) => (await gateway.get(port, path)).status;
  test("has the health of the gateway, and metrics", async () => {
    assert.equal(await statusOf("/healthz"), 200);
    assert.match(
      (await gateway.get(8404, "/metrics")).text,
      /haproxy_server_status\{proxy="tunnel-home",server="tunnel"/,
    );
  });
  test("has the pages of the signers' hosts, without a query, and nothing else of them", async () => {
    assert.equal(await statusOf("/signers/home/healthz"), 200);
    assert.equal(await statusOf(`/signers/home/statusz/${key}?x=1`), 200);
    assert.deepEqual(
      home.arrivals.map(({ method, target }) => `${method} ${target}`),
      ["GET /healthz", `GET /statusz/${key}`],
    );
    const others = ["/", "/signers/home/authorized_keys", `/signers/home/keys/${key}`, `/signers/other/statusz/${key}`];
    for (const path of [...others, "/signers/nobody/healthz", "/signers/home/healthz/", "/signers/home//healthz"]) {
      assert.equal(await statusOf(path), 404, path);
    }
    assert.equal((await gateway.post(8404, `/signers/home/statusz/${key}`, "")).status, 403);
    assert.equal(home.arrivals.length, 2);
    assert.equal(other.arrivals.filter(({ target }) => target !== "/authorized_keys").length, 0);
  });
});

test("a baker that floods its signer, which is stuck, does not keep another signer's bakers waiting", async () => {
  home.answer = () => {};
  const flood = Promise.all(Array.from({ length: 400 }, () => sign().catch(() => ({ status: 0 }))));
  await sleep(300);
  const begin = performance.now();
  for (let count = 0; count < 20; count++)
    assert.equal((await gateway.get(other.port, "/authorized_keys")).status, 200);
  assert.ok(performance.now() - begin < 3000);
  home.answer = well;
  const statuses = new Set((await flood).map(({ status }) => status));
  assert.ok(
    [...statuses].every((status) => status === 502 || status === 200),
    `${[...statuses]}`,
  );
});

describe("a changed configuration", () => {
  test("is taken without a lost request, on connections that are used again and on new ones", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const again = () =>
      new Promise<number | undefined>((resolve, reject) => {
        const outgoing = request({ host: podAddress, port: home.port, path: `/keys/${key}`, agent }, (response) => {
          response.resume().on("end", () => resolve(response.statusCode));
        });
        outgoing.on("error", reject).end();
      });
    const failures: unknown[] = [];
    let isOver = false;
    const loop = async (ask: () => Promise<number | undefined>) => {
      while (!isOver) {
        const status = await ask().catch((error: Error) => error.message);
        if (status !== 200) failures.push(status);
      }
    };
    const loops = [
      again,
      async () => (await sign()).status,
      async () => (await gateway.get(home.port, "/authorized_keys")).status,
    ].map(loop);
    for (const name of ["first", "second"]) {
      await gateway.configure([...signers(), { name, port: 20_000 }]);
      await until("it is taken", 20, () =>
        gateway.command("show servers state").then((text) => text.includes(`tunnel-${name} `)),
      );
    }
    isOver = true;
    await Promise.all(loops);
    agent.destroy();
    assert.deepEqual(failures, []);
  });

  test("that is none is said in one line, and what was there goes on", async () => {
    await gateway.configure(signers(), (text) => `${text}nonsense\n`);
    await until("it is said", 10, () => gateway.output().includes("HAProxy refuses its configuration"));
    assert.equal((await sign()).status, 200);
    await gateway.configure(signers());
  });
});
