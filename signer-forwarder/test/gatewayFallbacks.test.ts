import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { blockBytes } from "../../signer-host/dev/sampleBytes.ts";
import { until } from "../../testbed/background.ts";
import { Gateway, serveTests } from "../../testbed/gatewayRig.ts";
import { type Answer, TunnelEnd, well } from "../../testbed/tunnelEnd.ts";

const key = "tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6";
const others = [1, 2, 3, 4].map((number) => `tz${number}BC83pvEAag6r2ZV7kPghNAbjFoiqhCvZx`);
const gateway = new Gateway();
const [home, office, attic] = [new TunnelEnd(), new TunnelEnd(), new TunnelEnd()];
const ends = { home, office, attic };
type Name = keyof typeof ends;
const signers = () => [
  { name: "home", port: home.port, keys: [key, ...others], fallbacks: ["office", "attic"] },
  { name: "office", port: office.port },
  { name: "attic", port: attic.port },
];

serveTests(gateway, Object.values(ends), signers);

let round = 0;
/** Asks for the next round: the same bytes are asked for once, however often they are sent. */
const sign = () => gateway.sign(home.port, key, blockBytes({ level: 12, round: ++round }));

/** Opens these tunnels, closes the others, and waits until the gateway knows. */
async function only(...names: Name[]): Promise<void> {
  for (const [name, end] of Object.entries(ends)) {
    end.answer = well;
    if (!names.includes(name as Name)) await end.close();
    else if (await end.open()) await gateway.sessionOpens(name);
  }
  for (const name of Object.keys(ends)) await gateway.isUp(name, names.includes(name as Name));
}

/** Opens all tunnels, and resets the gateway to the state before it has chosen a signer. */
async function begin(): Promise<void> {
  await only("home", "office", "attic");
  await chooseAgain();
  for (const end of Object.values(ends)) end.arrivals.length = 0;
}

/** Has the first signer chosen again, as an operator does: the others are left out of the list, and put back. */
async function chooseAgain(): Promise<void> {
  const alone = signers().map(({ fallbacks: _, ...signer }) => signer);
  for (const each of [alone, signers()]) {
    await gateway.configure(each);
    await sleep(150);
  }
}

/** The number of signatures that each signer has been asked for. */
const asked = () => Object.fromEntries(Object.entries(ends).map(([name, end]) => [name, end.asked.length]));

describe("of several signers", () => {
  test("the first one is asked", async () => {
    await begin();
    for (let count = 0; count < 20; count++) assert.equal((await sign()).status, 200);
    assert.deepEqual(asked(), { home: 20, office: 0, attic: 0 });
    await until("the line is there", 5, () => gateway.lines().at(-1)?.signer === "home");
  });

  test("the next one that is there is asked when the first one is not, and goes on being asked when that is back", async () => {
    await begin();
    await sign();
    await only("office", "attic");
    assert.equal((await sign()).status, 200);
    assert.deepEqual(asked(), { home: 1, office: 1, attic: 0 });
    await until("the line is there", 5, () => gateway.lines().at(-1)?.signer === "office");
    await only("home", "office", "attic");
    for (let count = 0; count < 20; count++) assert.equal((await sign()).status, 200);
    assert.deepEqual(asked(), { home: 1, office: 21, attic: 0 });
    await only("home", "attic");
    assert.equal((await sign()).status, 200);
    assert.deepEqual(asked(), { home: 2, office: 21, attic: 0 }, "in the order of the list again");
  });

  test("the last one is asked where it is the only one", async () => {
    await begin();
    await only("attic");
    assert.equal((await sign()).status, 200);
    assert.deepEqual(asked(), { home: 0, office: 0, attic: 1 });
  });

  test("the answer to whether it wants authenticated requests is that of the one that will be asked", async () => {
    await begin();
    for (const [name, end] of Object.entries(ends)) {
      end.answer = (arrival, response, socket) =>
        arrival.target === "/authorized_keys"
          ? void response.writeHead(200).end(JSON.stringify({ name }))
          : well(arrival, response, socket);
    }
    for (const name of Object.keys(ends)) {
      await gateway.sessionOpens(name);
      await gateway.isUp(name, true);
    }
    const ask = async () => (await gateway.get(home.port, "/authorized_keys")).text.trim();
    assert.equal(await ask(), '{"name":"home"}');
    await home.close();
    await gateway.isUp("home", false);
    assert.equal(await ask(), '{"name":"office"}');
  });

  test("no other one is asked while the chosen one is only slow", async () => {
    await begin();
    home.answer = (arrival, response, socket) =>
      arrival.method === "POST"
        ? void setTimeout(() => well(arrival, response, socket), 1000)
        : well(arrival, response, socket);
    const replies = await Promise.all(
      others.map((each) => gateway.sign(home.port, each, blockBytes({ level: 12, round: 1 }))),
    );
    assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([200]));
    home.answer = (arrival, response, socket) =>
      arrival.method === "POST" ? undefined : well(arrival, response, socket);
    assert.equal((await sign()).status, 502);
    assert.deepEqual(asked(), { home: 5, office: 0, attic: 0 });
  });

  test("no other one is asked while the chosen one may still have a request", async () => {
    await begin();
    home.answer = () => {};
    // A request enters the tunnel at the last moment before the gateway considers it down.
    home.answerCheck = (_, response) => void response.writeHead(500).end();
    let isOver = false;
    const held: Promise<unknown>[] = [];
    const feed = (async () => {
      while (!isOver) {
        held.push(sign());
        await sleep(200);
      }
    })();
    await gateway.isUp("home", false);
    isOver = true;
    const at = { home: home.asked.length, office: office.asked.length };
    const { status } = await sign();
    assert.deepEqual([status, at.office, office.asked.length], [502, 0, 0], "while requests are under way to home");
    await Promise.all([feed, ...held]);
    home.answerCheck = undefined;
    home.answer = well;
    assert.equal((await sign()).status, 200);
  });

  test("the chosen one is still the chosen one when the configuration changes", async () => {
    await begin();
    await only("office");
    await sign();
    await only("home", "office", "attic");
    let isOver = false;
    const statuses = new Set<number>();
    const loop = (async () => {
      while (!isOver) statuses.add((await sign()).status);
    })();
    await gateway.configure([...signers(), { name: "cellar", port: 20_000 }]);
    await until("it is taken", 20, () => gateway.states().then((states) => "cellar" in states));
    await sleep(500);
    isOver = true;
    await loop;
    assert.deepEqual(statuses, new Set([200]));
    assert.deepEqual([home.asked.length, attic.asked.length], [0, 0]);
  });

  test("the next one signs the very request that the first one's host refuses, because its device is gone", async () => {
    await begin();
    const absent: Answer = (_, response) =>
      void response.writeHead(503, { "content-type": "application/json" }).end('{"device":"absent"}\n');
    home.answer = absent;
    const { status, ms } = await sign();
    assert.deepEqual([status, asked()], [200, { home: 1, office: 1, attic: 0 }]);
    assert.ok(ms < 700, `${ms} ms`);
    assert.equal((await gateway.state("home")).Ready, false);
    assert.match(gateway.output(), /home: connected, but its device can't sign: absent; its bakers get 502\n/);
    home.answer = well;
    await until("its device is back", 5, async () => (await gateway.state("home")).Ready);
    assert.equal((await sign()).status, 200);
    assert.deepEqual(asked(), { home: 1, office: 2, attic: 0 }, "requests stay where they are");
  });

  test("the operator can have the first one chosen again", async () => {
    await begin();
    await only("office");
    await sign();
    await only("home", "office", "attic");
    await chooseAgain();
    await sign();
    assert.deepEqual(asked(), { home: 1, office: 1, attic: 0 });
  });
});
