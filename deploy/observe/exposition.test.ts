import assert from "node:assert/strict";
import { test } from "node:test";
import { addUp, parseExposition, samplesOf, sampleValue } from "./exposition.ts";

test("samples are read with their labels and values, and comments are left out", () => {
  const page = [
    "# HELP signer_tunnel_up Whether the signer has a session.",
    "# TYPE signer_tunnel_up gauge",
    'signer_tunnel_up{signer="home"} 1',
    "",
    'a_bucket{le="+Inf",key="tz1"} 3 1395066363000',
    'b{text="a \\"quoted\\" \\\\ word\\nin two lines, } 5",more="x",} -1.5e-3',
    "c NaN",
    "d -Inf",
    "go_goroutines 21\r",
  ].join("\n");
  assert.deepEqual(parseExposition(`${page}\n`), [
    { name: "signer_tunnel_up", labels: { signer: "home" }, value: 1 },
    { name: "a_bucket", labels: { le: "+Inf", key: "tz1" }, value: 3 },
    { name: "b", labels: { text: 'a "quoted" \\ word\nin two lines, } 5', more: "x" }, value: -0.0015 },
    { name: "c", labels: {}, value: Number.NaN },
    { name: "d", labels: {}, value: Number.NEGATIVE_INFINITY },
    { name: "go_goroutines", labels: {}, value: 21 },
  ]);
});

for (const line of [
  "<html>",
  "up",
  "up one",
  "up 0x1",
  "up 1 now",
  "1up 1",
  'up{signer="home" 1',
  'up{signer="home"} ',
  "up{signer=home} 1",
  'up{signer="ho\\me"} 1',
  'up{signer="home",,} 1',
  'up{signer="a""b"} 1',
]) {
  test(`${line} is no sample, and is not quoted`, () => {
    assert.throws(() => parseExposition(`ok 1\n${line}\n`), {
      message: "line 2: found no sample of a metric, wanted Prometheus's text format",
    });
  });
}

test("a sample is found by its labels", () => {
  const samples = parseExposition('up{signer="home",port="1"} 1\nup{signer="office",port="2"} 0\nuplink 7\n');
  assert.equal(sampleValue(samples, "up", { signer: "office" }), 0);
  assert.equal(sampleValue(samples, "up", { signer: "nobody" }), undefined);
  assert.equal(sampleValue(samples, "uplink"), 7);
  assert.equal(samplesOf(samples, "up").length, 2);
});

test("of several processes counters and histograms are added up, and of a gauge the highest value counts", () => {
  const pages = ['a_total{x="1"} 2\nup 0\nb_bucket{le="1"} 1\n', 'a_total{x="1"} 3\na_total{x="2"} 1\nup 1\n'];
  assert.deepEqual(
    addUp(pages.map(parseExposition)).map(({ name, labels, value }) => [name, labels, value]),
    [
      ["a_total", { x: "1" }, 5],
      ["up", {}, 1],
      ["b_bucket", { le: "1" }, 1],
      ["a_total", { x: "2" }, 1],
    ],
  );
});
