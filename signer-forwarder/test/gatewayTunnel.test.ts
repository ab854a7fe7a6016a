import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { blockBytes } from "../../signer-host/dev/sampleBytes.ts";
import { until } from "../../testbed/background.ts";
import { podAddress } from "../../testbed/gatewayClient.ts";
import { Gateway, serveTests } from "../../testbed/gatewayRig.ts";
import { TunnelEnd, well } from "../../testbed/tunnelEnd.ts";

const key = "tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6";
const gateway = new Gateway();
const home = new TunnelEnd();
const other = new TunnelEnd();
let round = 0;
/** Bytes of the next round: the same bytes are asked for once, however often they are sent. */
const next = () => blockBytes({ level: 12, round: ++round });
const signers = () => [
  { name: "home", port: home.port, keys: [key] },
  { name: "other", port: other.port, keys: ["tz2BC83pvEAag6r2ZV7kPghNAbjFoiqhCvZx"] },
];

serveTests(gateway, [home, other], signers);

beforeEach(async () => {
  home.answer = well;
  home.answerCheck = undefined;
  await home.open();
  await gateway.isUp("home", true);
  home.arrivals.length = 0;
});

const sign = () => gateway.sign(home.port, key, next());
/** Waits until the last log lines have these causes. */
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
  test("is said to be, and to be back, in one line each", async () => {
    const before = gateway.output().length;
    await home.close();
    await gateway.isUp("home", false);
    await home.open();
    await gateway.isUp("home", true);
    const said = () => gateway.output().slice(before);
    await until("both are said", 5, () => /answers again.*\n/.test(said()), said);
    assert.match(
      said(),
      /^signer-forwarder: home: nothing answers through its tunnel .*\nsigner-forwarder: home: answers again.*\n$/,
    );
  });

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
    assert.ok(refused.ms < 700, `${refused.ms} ms`);
    assert.equal((await gateway.get(home.port, "/authorized_keys")).status, 502);
    await lastCauses("no tunnel", "no tunnel", "no tunnel");
  });

  test("has requests held again as soon as its signer has logged in", async () => {
    await home.close();
    await gateway.isUp("home", false);
    await gateway.sessionOpens("home");
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

test("a tunnel that is up but answers nothing makes a 502 after 5 s, and at once when it is known to be down", async () => {
  home.answer = () => {};
  const first = sign();
  await gateway.isUp("home", false);
  const replies = [await first, await sign()];
  assert.deepEqual(
    replies.map(({ status }) => status),
    [502, 502],
  );
  assert.ok((replies[0]?.ms ?? 0) < 5900 && (replies[1]?.ms ?? 0) < 700, `${replies.map(({ ms }) => ms)} ms`);
  await lastCauses("timeout", "no tunnel");
  assert.equal((await gateway.get(other.port, "/authorized_keys")).status, 200, "the other signer");
});

test("a baker that floods its signer, which is stuck, does not keep another signer's bakers waiting", async () => {
  home.answer = () => {};
  const flood = Promise.all(
    Array.from({ length: 400 }, () => gateway.get(home.port, `/keys/${key}`).catch(() => ({ status: 0 }))),
  );
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
      await until("it is taken", 20, () => gateway.states().then((states) => name in states));
      await sleep(300);
    }
    isOver = true;
    await Promise.all(loops);
    agent.destroy();
    assert.deepEqual(failures, []);
  });

  test("that is none is said in one line, and what was there goes on", async () => {
    await gateway.configure(signers(), (text) => `${text}nonsense\n`);
    await until("it is said", 10, () => gateway.output().includes("unusable configuration: "));
    assert.equal((await sign()).status, 200);
    await gateway.configure(signers());
  });
});
