import assert from "node:assert/strict";
import { test } from "node:test";
import { type Status, StatusLine, statusText, type TunnelStatus } from "./status.ts";
import type { TunnelState } from "./tunnel.ts";

const forwarder = "198.18.0.2:30022";
const up: TunnelStatus = { forwarder, tunnel: { is: "connected" }, since: 1000 };
const base: Status = { name: "home", tunnels: [up], signatures: 0 };
const dialling = (tunnel: Omit<Extract<TunnelState, { is: "dialling" }>, "is">): Status => ({
  ...base,
  tunnels: [{ ...up, tunnel: { is: "dialling", ...tunnel } }],
});
const last = { kind: "attestation", chainId: "Net", level: 1234, round: 0, milliseconds: 1.6 } as const;
const failed = { reason: "Connection refused", refused: false };

const texts: [Status, string][] = [
  [dialling({ attempt: 1 }), `home: dialling ${forwarder}, attempt 1, 0 signatures`],
  [{ ...base }, `home: connected to ${forwarder} for 12 s, 0 signatures`],
  [
    { ...base, signatures: 34, last },
    `home: connected to ${forwarder} for 12 s, 34 signatures, last attestation level 1234 in 2 ms`,
  ],
  [
    { ...base, signatures: 1, last, refusal: "magic byte 0x03 not allowed" },
    `home: connected to ${forwarder} for 12 s, 1 signature, last attestation level 1234 in 2 ms, ` +
      "then refused: magic byte 0x03 not allowed",
  ],
  [dialling({ attempt: 3, failed }), "home: reconnecting (Connection refused), attempt 3, 0 signatures"],
  [
    dialling({ attempt: 2, failed: { reason: "its host key changed", refused: true } }),
    `home: REFUSED to talk to ${forwarder}: its host key changed, attempt 2, 0 signatures`,
  ],
  [
    {
      ...base,
      tunnels: [up, { ...up, forwarder: "198.18.0.2:30023", tunnel: { is: "dialling", attempt: 3, failed } }],
    },
    `home: connected to ${forwarder} for 12 s; reconnecting to 198.18.0.2:30023 (Connection refused), attempt 3, 0 signatures`,
  ],
];
for (const [status, text] of texts) {
  test(`says "${text}"`, () => assert.equal(statusText(status, 13_900), text));
}

test("off a terminal prints a line for a changed state, not for changed numbers", () => {
  const written: string[] = [];
  const line = new StatusLine({ write: (text) => written.push(text) });
  line.show(base, 2000);
  line.show({ ...base, signatures: 5, last }, 3000);
  line.show(dialling({ attempt: 2, failed }), 4000);
  line.show(dialling({ attempt: 3, failed }), 5000);
  line.show(base, 6000);
  line.end();
  const connected = `home: connected to ${forwarder}\n`;
  assert.deepEqual(written, [connected, "home: reconnecting (Connection refused)\n", connected]);
});

test("on a terminal rewrites one line that fits", () => {
  const written: string[] = [];
  const line = new StatusLine({ isTTY: true, columns: 24, write: (text) => written.push(text) });
  line.show(base, 2000);
  line.end();
  assert.deepEqual(written, ["\rhome: connected to 198…\x1b[K", "\n"]);
});
