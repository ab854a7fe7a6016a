import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { blockBytes, voteBytes } from "../../signer-host/dev/sampleBytes.ts";
import { until } from "../../testbed/background.ts";
import { Gateway, serveTests } from "../../testbed/gatewayRig.ts";
import { SlowLink } from "../../testbed/slowLink.ts";
import { type Answer, TunnelEnd, well } from "../../testbed/tunnelEnd.ts";

const key = "tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6";
const three = [1, 2, 3].map((number) => `tz${number}BC83pvEAag6r2ZV7kPghNAbjFoiqhCvZx`);
const four = [1, 2, 3, 4].map((number) => `tz${number}WXYtyDUNL91qfiCJtVUX746QpNv5i5ve5`);
const gateway = new Gateway();
const ends = [new TunnelEnd(), new TunnelEnd(), new TunnelEnd(), new TunnelEnd()] as const;
const [home, office, cabin, near] = ends;
const link = new SlowLink(() => cabin.port);

before(() => link.open());
after(() => link.close());
serveTests(gateway, ends, () => [
  { name: "home", port: home.port, keys: [key] },
  { name: "office", port: office.port, keys: three },
  { name: "cabin", port: link.port, keys: four, fallbacks: ["near"] },
  { name: "near", port: near.port },
]);

beforeEach(() => {
  link.isCut = false;
  for (const end of ends) {
    end.answer = well;
    end.arrivals.length = 0;
  }
});

/**
 * A device that signs one request after the other, each in `secondsEach`.
 * Like octez-signer, it drops a request whose client has given up.
 */
function device(secondsEach: number): Answer {
  let before = Promise.resolve();
  return (arrival, response, socket) => {
    if (arrival.method !== "POST") return well(arrival, response, socket);
    before = before.then(async () => {
      if (socket.destroyed) return;
      await sleep(secondsEach * 1000);
      if (!socket.destroyed) well(arrival, response, socket);
    });
  };
}

let level = 6;
const vote = (magic: 0x12 | 0x13, level: number) => voteBytes(magic, { level });

describe("a device that is slow loses nothing, and is asked once for each signature:", () => {
  for (const [what, end, keys, seconds] of [
    ["three keys at 0.67 s each, all asked at once", office, three, 0.67],
    ["three keys at 2.4 s each, all asked at once", office, three, 2.4],
    ["one key at 2.4 s", home, [key], 2.4],
    ["one key at 4.5 s", home, [key], 4.5],
  ] as const) {
    test(what, async () => {
      end.answer = device(seconds);
      level++;
      for (const magic of seconds > 1 ? ([0x13] as const) : ([0x12, 0x13] as const)) {
        end.arrivals.length = 0;
        const replies = await Promise.all(keys.map((each) => gateway.sign(end.port, each, vote(magic, level))));
        assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([200]));
        assert.equal(end.asked.length, keys.length);
      }
    });
  }
});

test("a device that hangs is given up after 5 s, and its signer's answer to other questions does not matter", async () => {
  home.answer = (arrival, response, socket) => {
    if (arrival.method !== "POST") well(arrival, response, socket);
  };
  const reply = await gateway.sign(home.port, key, vote(0x12, ++level));
  assert.equal(reply.status, 502);
  assert.ok(reply.ms > 4900 && reply.ms < 6000, `${reply.ms} ms`);
  await until("the line is there", 5, () => gateway.lines().at(-1)?.cause === "timeout");
});

const sign = (level: number) => Promise.all(four.map((each) => gateway.sign(link.port, each, blockBytes({ level }))));

describe("a link that is slow", () => {
  for (const [index, seconds] of [0.5, 1, 2, 2.4].entries()) {
    test(`is no link that is down: ${seconds} s of round trip`, async () => {
      await gateway.sessionEnds("cabin");
      link.close();
      link.roundTripMs = seconds * 1000;
      await link.open();
      await gateway.sessionOpens("cabin");
      const first = 1 + 3 * index;
      for (let level = first; level < first + 3; level++) {
        const { status } = await gateway.get(link.port, "/authorized_keys");
        const replies = await sign(level);
        assert.deepEqual([status, ...replies.map((reply) => reply.status)], [200, 200, 200, 200, 200]);
      }
      assert.equal((await gateway.state("cabin")).Answers, true);
      assert.equal(cabin.asked.length, 3 * four.length);
      assert.equal(near.asked.length, 0, "the other device");
    });
  }

  test("has that said in the log", () => {
    assert.match(gateway.output(), /^signer-forwarder: cabin: slow, not down: a check took \d{4}ms$/m);
  });

  test("is known to be down when it is cut, and the next device is asked", async () => {
    link.isCut = true;
    let level = 13;
    const status = async () => {
      const [reply] = await sign(level++);
      return reply?.status === 200 && near.asked.length > 0;
    };
    await until("the next one is asked", 40, status);
    assert.match(
      gateway.output(),
      /^signer-forwarder: cabin: nothing answers through its tunnel \(no answer in time\)/m,
    );
  });
});

test("a link that was quick is down as soon as it has been silent for 3 s while a request waits", async () => {
  link.roundTripMs = 0;
  // The first device is asked again when the other one is gone.
  await gateway.sessionOpens("cabin");
  await gateway.isUp("cabin", true);
  await near.close();
  await gateway.isUp("near", false);
  await sign(28);
  await near.open();
  await gateway.isUp("near", true);
  link.isCut = true;
  const begin = performance.now();
  const waiting = sign(29);
  await gateway.isUp("cabin", false);
  assert.deepEqual(new Set((await waiting).map(({ status }) => status)), new Set([502]));
  near.arrivals.length = 0;
  const replies = await Promise.all(four.map((each) => gateway.sign(link.port, each, blockBytes({ level: 30 }))));
  assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([200]));
  assert.equal(near.asked.length, four.length);
  assert.ok(performance.now() - begin < 6000);
});
