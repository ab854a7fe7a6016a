import assert from "node:assert/strict";
import { test } from "node:test";
import { keepTunnel, type TunnelState } from "./tunnel.ts";

/** Plays ssh: prints these lines to stderr, then keeps running, or ends with the code if there is one. */
function fakeSsh(lines: string[], code?: number): string[] {
  const program = `process.stderr.write(${JSON.stringify(lines.map((line) => `${line}\n`).join(""))});
    ${code === undefined ? "setInterval(() => {}, 1000)" : `process.exitCode = ${code}`}`;
  return [process.execPath, "-e", program];
}

const success = (port: number) => `debug1: remote forward success for: listen ${port}, connect 127.0.0.1:1`;

/** Runs until there are `count` states, then stops. */
async function statesOf(command: string[], count: number, ...others: string[][]) {
  const stopped = new AbortController();
  const states: TunnelState[] = [];
  const times: number[] = [];
  await keepTunnel({
    commands: [command, ...others],
    ports: [8443, 9443],
    signal: stopped.signal,
    onState: (state) => {
      states.push(state);
      times.push(performance.now());
      if (states.length === count) {
        stopped.abort();
      }
    },
  });
  return { states, times };
}

test("is connected when both forwards are confirmed, and stops ssh at the signal", async () => {
  const { states } = await statesOf(fakeSsh(["debug1: x", success(8443), success(9443)]), 2);
  assert.deepEqual(states, [{ is: "dialling", attempt: 1 }, { is: "connected" }]);
});

test("is not connected with one forward of two, and redials about each second for ever", async () => {
  const refusal = "Error: remote port forwarding failed for listen port 9443";
  const { states, times } = await statesOf(fakeSsh([success(8443), refusal], 255), 4);
  const failed = { reason: "port 9443 is taken, or is not this signer's", refused: false };
  assert.deepEqual(states, [
    { is: "dialling", attempt: 1 },
    { is: "dialling", attempt: 2, failed },
    { is: "dialling", attempt: 3, failed },
    { is: "dialling", attempt: 4, failed },
  ]);
  const pause = (times[3] ?? 0) - (times[2] ?? 0);
  assert.ok(pause >= 790, `${pause} ms`);
});

test("counts attempts from the last connection, and tells why that one ended", async () => {
  const { states } = await statesOf(
    fakeSsh([success(8443), success(9443), "Timeout, server x not responding."], 255),
    4,
  );
  const failed = { reason: "the forwarder stopped answering", refused: false };
  assert.deepEqual(states, [
    { is: "dialling", attempt: 1 },
    { is: "connected" },
    { is: "dialling", attempt: 1, failed },
    { is: "connected" },
  ]);
});

test("says that there is no ssh instead of failing", async () => {
  const { states } = await statesOf(["/nowhere/ssh"], 2);
  assert.match(JSON.stringify(states[1]), /ENOENT/);
});

test("tries the next port when a call ended before it was connected, and stays with the one that works", async () => {
  const refused = fakeSsh(["ssh: connect to host x port 22: Connection timed out"], 255);
  const cut = fakeSsh([success(8443), success(9443), "Timeout, server x not responding."], 255);
  const { states } = await statesOf(refused, 6, cut);
  assert.deepEqual(
    states.map(({ is }) => is),
    ["dialling", "dialling", "connected", "dialling", "connected", "dialling"],
  );
});
