import assert from "node:assert/strict";
import { test } from "node:test";
import type { Signature } from "../detector.ts";
import type { Events, Fault } from "../figures.ts";
import { plainTopology } from "../topology.ts";
import { page } from "./page.ts";
import { type Report, reportOf } from "./report.ts";
import { sampleEvents, sampleFacts } from "./sampleRun.ts";
import { gapsOf } from "./timeline.ts";

const good = sampleEvents();
const report = reportOf(sampleFacts, good);
const withFault = (change: Partial<Fault>): Events =>
  sampleEvents({ faults: good.faults.map((fault, index) => (index === 1 ? { ...fault, ...change } : fault)) });
const signature: Signature = {
  ...{ device: "home", address: "a", chain: "NetX", kind: "block", level: 3, round: 0, digest: "aa" },
};

test("a run whose losses its faults may cost has no problem", () => {
  assert.deepEqual(report.problems, []);
  assert.deepEqual(
    report.figures.faults.map(({ kind, lost, missed }) => [kind, lost, missed]),
    [
      ["strangers at the door", 0, 0],
      ["forwarder pod deleted", 2, 2],
    ],
  );
});

const problems: readonly (readonly [what: string, events: Events, problem: RegExp])[] = [
  [
    "a loss that the fault may not cost",
    withFault({ kind: "stack updated", target: "stack" }),
    /stack updated \(stack\): found 2 lost requests \(HTTP 502\), wanted none: a changed config reaches/,
  ],
  [
    "a gap that is too long",
    sampleEvents({ asks: good.asks.filter(({ key, level }) => key === "a" || level <= (good.asks[91]?.level ?? 0)) }),
    /forwarder pod deleted \(signer-forwarder\): found 6\d(\.\d+)? s without a signature of b, wanted at most 36 s: /,
  ],
  [
    "a loss before the first fault",
    sampleEvents({ faults: [] }),
    /^before the first fault: found 2 lost requests \(HTTP 502\), wanted none$/,
  ],
  [
    "bytes that one device signed twice",
    sampleEvents({ signatures: [signature, { ...signature, digest: "bb" }] }),
    /^signed twice with different bytes by one device: home, a: block of level 3, round 0, of chain NetX$/,
  ],
  [
    "bytes that two devices signed",
    sampleEvents({ signatures: [signature, { ...signature, device: "office", digest: "bb" }] }),
    /^signed twice with different bytes: a: block of level 3, round 0, of chain NetX$/,
  ],
  [
    "what the guard refused",
    sampleEvents({ asks: good.asks.map((ask) => (ask.cause ? { ...ask, cause: "HTTP 403 watermark" } : ask)) }),
    /^refused, though it may be signed: attestation of level \d+ of b: HTTP 403 watermark$/,
  ],
  [
    "what a device refused",
    sampleEvents({ refusals: ["home: level 3 below high watermark 4"] }),
    /^refused, though it may be signed: home: level 3 below high watermark 4$/,
  ],
  ["a run without a signature", sampleEvents({ asks: [], faults: [] }), /^found no signature in the whole run/],
];
for (const [what, events, problem] of problems)
  test(`${what} is a problem`, () => {
    const found = reportOf(sampleFacts, events).problems;
    assert.ok(
      found.some((line) => problem.test(line)),
      found.join("\n"),
    );
  });

type Named = readonly [kind: string, target: string];
/** The run in which two faults came at once, in the place of the one that lost requests. */
function together(one: Named, other: Named): Events {
  const [, deleted] = good.faults as [Fault, Fault];
  const fault = ([kind, target]: Named, [joined]: Named): Fault => ({ ...deleted, kind, target, joined });
  return { ...good, faults: [fault(one, other), fault(other, one)] };
}

test("two faults at once may cost what both may, and are judged once", () => {
  const pair = (kind: string): Events => together(["stack updated", "stack"], [kind, "signer-forwarder"]);
  assert.deepEqual(reportOf(sampleFacts, pair("forwarder pod deleted")).problems, []);
  assert.equal(reportOf(sampleFacts, pair("forwarder stopped")).problems.length, 1);
});

const twoWays = { ...sampleFacts, topology: { ...plainTopology, replicas: 2, hasRouter: true } };
/** How many faults lost requests that they may not lose. */
const lossesIn = (events: Events): number =>
  reportOf(twoWays, events).problems.filter((problem) => /lost requests .*, wanted none/.test(problem)).length;
const pairs: readonly (readonly [uplink: string, replica: string, problems: number])[] = [
  ["home uplink 0", "signer-forwarder", 1],
  ["home uplink 1", "signer-forwarder", 0],
  ["home uplink 0", "signer-forwarder-1", 0],
];
for (const [uplink, replica, found] of pairs)
  test(`a cut of ${uplink} while ${replica} is away ${found ? "may cost nothing" : "leaves no way to the device"}`, () => {
    assert.equal(lossesIn(together(["forwarder pod deleted", replica], ["uplink cut", uplink])), found);
  });

test("cuts of two homes' uplinks leave a way to each", () => {
  assert.equal(lossesIn(together(["uplink cut", "home uplink 0"], ["uplink cut and back", "office uplink 1"])), 1);
});

const devices: readonly (readonly [unplugged: string, locked: string, problems: number])[] = [
  ["home", "office", 0],
  ["cabin", "office", 0],
  ["home", "cabin", 1],
  ["office", "office", 1],
];
for (const [unplugged, locked, found] of devices)
  test(`${unplugged} unplugged while ${locked} is locked ${found ? "may cost nothing" : "leaves a key without a device"}`, () => {
    assert.equal(lossesIn(together(["device unplugged", unplugged], ["device locked", locked])), found);
  });

test("with two replicas and a router a forwarder's pod may cost nothing", () => {
  assert.match(reportOf(twoWays, good).problems.join("\n"), /wanted none: the router asks by the other replica/);
});

test("the page has a bar for each fault, a row for each key with its gaps, and what was left out", () => {
  const html = page(report, good);
  assert.equal(html.match(/<rect class="fault"/g)?.length, 2);
  assert.equal(html.match(/<path class="tick"/g)?.length, 2);
  assert.equal(html.match(/<rect class="gap"/g)?.length, 1);
  assert.match(html, /<title>b: 4 s to its next signature<\/title>/);
  assert.match(html, /<td>strangers at the door|<span title="[^"]+">strangers at the door<\/span>/);
  assert.match(html, /<li>clock jump: a program has no wall clock of its own/);
  assert.match(html, /<li>node drained: it needs a second node<\/li>/);
  assert.match(html, /Nothing cost more than the design says/);
});

test("the page needs nothing from elsewhere, and has colours for light and dark", () => {
  const html = page(report, good);
  assert.doesNotMatch(html, /(src|href)=|url\(|@import|<script/);
  assert.match(html, /prefers-color-scheme: dark/);
});

test("the page says what is wrong, and no text of a run can become a tag of it", () => {
  const events = withFault({ note: "<b>&" });
  const html = page({ ...reportOf(sampleFacts, events), problems: ["found <i>"] } satisfies Report, events);
  assert.match(html, /<li>found &lt;i&gt;<\/li>/);
  assert.doesNotMatch(html, /<b>|<i>/);
  assert.match(html, /&lt;b&gt;&amp;/);
});

test("spans without a signature that overlap are one gap, and short ones are none", () => {
  const ask = (start: number, end: number, cause?: string) => ({
    ...{ key: "a", kind: "block", level: 0, start, end },
    ...(cause !== undefined && { cause }),
  });
  const asks = [ask(0, 40), ask(1000, 1600, "HTTP 502"), ask(2000, 2600, "HTTP 502"), ask(5000, 5040), ask(7000, 7900)];
  assert.deepEqual(gapsOf(asks, 9000), [[1000, 5040]]);
});
