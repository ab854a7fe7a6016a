import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { parseExposition } from "../observe/exposition.ts";
import { readHostPage } from "../observe/hostPage.ts";
import { signersIn, statusOf } from "./signerStatus.ts";
import { tableOf } from "./table.ts";

const now = 1_800_000_000_000;
const key = "tz1fv55cpdomJVPYA5M6BeUhqs9M1DbRB79A";
const series = `signer="home",key="${key}",kind="attestation"`;

/** The forwarder's page, with a signer that signs and one that is away. */
const metrics = parseExposition(`
signer_tunnel_up{signer="office"} 0
signer_tunnel_up{signer="home"} 1
signer_tunnel_start_time_seconds{signer="home"} ${now / 1000 - 11_000}
signer_answers{signer="home"} 1
signer_answers{signer="office"} 0
signer_device_ready{signer="home"} 1
signer_device_ready{signer="office"} 0
signer_requests_total{${series}} 98
signer_requests_total{signer="home",key="${key}",kind="block"} 2
signer_request_errors_total{${series},cause="timeout"} 2
signer_request_errors_total{${series},cause="no tunnel"} 1
signer_refused_requests_total{signer="home",reason="watermark"} 1
signer_refused_requests_total{signer="home",reason="path"} 0
signer_last_signature_timestamp_seconds{${series}} ${now / 1000 - 5}
signer_last_signature_timestamp_seconds{signer="home",key="${key}",kind="block"} ${now / 1000 - 900}
signer_request_duration_seconds_bucket{${series},le="0.01"} 0
signer_request_duration_seconds_bucket{${series},le="0.05"} 90
signer_request_duration_seconds_bucket{${series},le="0.1"} 100
signer_request_duration_seconds_bucket{${series},le="+Inf"} 100
`);

const host = readHostPage({
  status: 200,
  text: `
signer_host_mains_online 0
signer_host_battery_ratio{battery="BAT0"} 0.9
signer_host_battery_ratio{battery="BAT1"} 0.2
signer_host_uplink_active{interface="eth0",kind="ethernet"} 0
signer_host_uplink_active{interface="wwan0",kind="modem"} 1
signer_host_uplink_metered 1
signer_host_device_state{state="locked"} 0
signer_host_last_signature_level{key="${key}",kind="attestation"} 4711
`,
});

test("the signers are those of the page, in their order", () => {
  assert.deepEqual(signersIn(metrics), ["home", "office"]);
});

test("a signer's state is put together from the forwarder's page and its host's", () => {
  assert.deepEqual(statusOf("home", metrics, host, now), {
    signer: "home",
    tunnel: { isUp: true, seconds: 11_000 },
    device: "ready",
    uplink: { interface: "wwan0", kind: "modem", isMetered: true },
    power: { isOnMains: false, battery: 0.2 },
    lastSignature: { key, kind: "attestation", level: 4711, seconds: 5 },
    latency: { p50: 0.01 + (0.04 * 50) / 90, p99: 0.05 + (0.05 * 9) / 10 },
    requests: 100,
    errors: 3,
    causes: { "no tunnel": 1, timeout: 2 },
    refused: { watermark: 1 },
  });
});

test("what is not known is missing", () => {
  assert.deepEqual(statusOf("office", metrics, undefined, now), {
    signer: "office",
    tunnel: { isUp: false },
    device: "unknown",
    requests: 0,
    errors: 0,
    causes: {},
    refused: {},
  });
});

describe("the page of a host", () => {
  const cases: readonly [string, number, string, string][] = [
    ["of octez-signer alone is no wrapper's", 200, "# The signer's host has no such page.\n", "no wrapper"],
    ["that does not come says why", 502, "There is no tunnel of the signer.\n", "its page answers 502"],
    ["of another program is no wrapper's", 200, "<html>", "no wrapper"],
    ["with other metrics is no wrapper's", 200, "up 1\n", "no wrapper"],
  ];
  for (const [what, status, text, missing] of cases) {
    test(what, () => {
      assert.deepEqual(readHostPage({ status, text }), { missing });
      assert.equal(statusOf("home", metrics, { missing }, now).host, missing);
    });
  }
});

test("without a word of the host, a device that can't sign is not ready", () => {
  const page = parseExposition(
    'signer_tunnel_up{signer="a"} 1\nsigner_answers{signer="a"} 1\nsigner_device_ready{signer="a"} 0\n',
  );
  assert.equal(statusOf("a", page, { missing: "no wrapper" }, now).device, "not ready");
  const locked = readHostPage({ status: 200, text: 'signer_host_device_state{state="locked"} 1\n' });
  assert.equal(statusOf("a", page, locked, now).device, "locked");
});

test("the table has a line for each signer, below its headings", () => {
  const signers = [statusOf("home", metrics, host, now), statusOf("office", metrics, undefined, now)];
  const plain = [
    "signer  tunnel      device   uplink                power                   last signature                 p50    p99    errors",
    "home    3 h 3 min   ready    modem wwan0, metered  no mains, battery 20 %  attestation level 4711, 5 s ago  32 ms  95 ms  1 no tunnel, 2 timeout, 1 refused watermark",
    "office  down        unknown  -                     -                       none                           -      -      none of 0",
  ];
  const squeeze = (lines: string[]) => lines.map((line) => line.replace(/ {2,}/g, "  "));
  const table = tableOf(signers, false);
  assert.deepEqual(squeeze(table), squeeze(plain));
  const columns = [/device/, /ready/, /unknown/].map((word, row) => table[row]?.search(word));
  assert.equal(new Set(columns).size, 1, "columns are aligned");
  const coloured = tableOf(signers, true);
  assert.deepEqual(coloured.map(stripVTControlCharacters), table);
  assert.ok(coloured[2]?.includes("\x1b[31mdown"), "what is bad is red");
});
