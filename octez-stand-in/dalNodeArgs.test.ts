import assert from "node:assert/strict";
import { test } from "node:test";
import { dalDefaults, parseDalNodeArgs } from "./dalNodeArgs.ts";
import { isLoopback, readPoint, writePoint } from "./point.ts";

const alice = "tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb";
const bob = "tz4HVR6aty9KwsQFHh81C1G7gBdhxT8kuytm";

test("octez-dal-node takes what the chart gives it", () => {
  const places = ["--data-dir", "/dal", "--endpoint", "http://127.0.0.1:8732"];
  const ports = ["--rpc-addr", "127.0.0.1:10732", "--net-addr", "0.0.0.0:11732", "--public-addr", "203.0.113.9:31732"];
  const args = ["run", ...places, ...ports, "--metrics-addr", ":11733", "--attester-profiles", `${alice},${bob}`];
  assert.deepEqual(parseDalNodeArgs(args), {
    name: "run",
    dataDir: "/dal",
    configFile: "/dal/config.json",
    settings: {
      rpc: { host: "127.0.0.1", port: 10732 },
      net: { host: "0.0.0.0", port: 11732 },
      public: { host: "203.0.113.9", port: 31732 },
      metrics: { host: "::", port: 11733 },
      endpoint: "http://127.0.0.1:8732",
      profile: { operators: [], observers: [], attesters: [alice, bob] },
    },
  });
});

test("options have other names, and a bootstrap node no profile beside it", () => {
  const { settings } = parseDalNodeArgs(["config", "init", `--attester="${alice}"`, "--producer", "1,2"]);
  assert.deepEqual(settings.profile, { operators: [1, 2], observers: [], attesters: [alice] });
  assert.equal(parseDalNodeArgs(["run", "--bootstrap"]).settings.profile, "bootstrap");
  assert.equal(parseDalNodeArgs(["run"]).settings.profile, undefined);
  assert.throws(() => parseDalNodeArgs(["run", "--bootstrap", "--attester", alice]), {
    exitCode: 1,
    message: /a bootstrap node .* cannot be an attester/,
  });
});

const refused: Readonly<Record<string, [args: readonly string[], message: RegExp]>> = {
  "no command": [[], /unknown command ''/],
  "an unknown command": [["start"], /unknown command 'start'/],
  "an attester that is no address": [["run", "--attester-profiles", `${alice},alice`], /Unrecognized pkh format/],
  "an attester that is a contract": [
    ["run", "--attester", "KT18oDJJKXMKhfE1bSuAPGp92pYcwVDiqsPw"],
    /Unrecognized pkh format/,
  ],
  "a slot that is none": [["run", "--operator", "1,x"], /expected non-negative integer, got x/],
  "a name in place of a public address": [["run", "--public-addr", "dal.example.org:11732"], /P2p_point.of_string/],
  "a port that is none": [["run", "--net-addr", "0.0.0.0:70000"], /P2p_point.of_string/],
  "an address to ban that is none": [["run", "--ban-addr", "203.0.113.9,home"], /Cannot parse IP address: home/],
  "a history mode of octez-node": [["run", "--history-mode", "rolling"], /Invalid argument rolling for history-mode/],
  "an option of run, to init": [["config", "init", "--telemetry-env", "x"], /unknown option '--telemetry-env'/],
  "an option twice by two names": [["run", "--attester", alice, "--attester-profiles", bob], /cannot be repeated/],
  "an option without its value": [["run", "--endpoint"], /needs an argument/],
  "a word": [["run", alice], /too many arguments/],
};
for (const [what, [args, message]] of Object.entries(refused)) {
  test(`octez-dal-node refuses ${what}`, () => {
    assert.throws(() => parseDalNodeArgs(args), { message, exitCode: 124 });
  });
}

test("an option for tests wants a variable, and the variable wants the option", (t) => {
  const variable = "TEZOS_DISABLE_SHARD_VALIDATION_I_KNOW_WHAT_I_AM_DOING";
  const option = "--disable-shard-validation";
  const message = new RegExp(`${option}.*${variable}|${variable}.*${option}`);
  assert.throws(() => parseDalNodeArgs(["run", option]), { message, exitCode: 1 });
  process.env[variable] = "Yes";
  t.after(() => delete process.env[variable]);
  assert.equal(parseDalNodeArgs(["run", option]).name, "run");
  assert.throws(() => parseDalNodeArgs(["run"]), { message, exitCode: 1 });
  assert.equal(parseDalNodeArgs(["config", "init"]).name, "config init");
});

test("a point is an IP address and a port, of which either may be missing", () => {
  const standard = dalDefaults.net;
  for (const [text, point] of Object.entries({
    "203.0.113.9:1": { host: "203.0.113.9", port: 1 },
    "203.0.113.9": { host: "203.0.113.9", port: 11732 },
    "[2001:db8::1]:2": { host: "2001:db8::1", port: 2 },
    "2001:db8::1": { host: "2001:db8::1", port: 11732 },
    ":3": { host: "::", port: 3 },
  }))
    assert.deepEqual(readPoint(text, standard), point, text);
  for (const text of ["", "home", "[203.0.113.9", "203.0.113.9:", "203.0.113.9:x"])
    assert.throws(() => readPoint(text, standard), Error, text);
  assert.equal(writePoint({ host: "::1", port: 4 }), "[::1]:4");
  assert.deepEqual(
    ["::1", "127.0.0.2", "::", "0.0.0.0"].map((host) => isLoopback({ host, port: 1 })),
    [...[true, true], ...[false, false]],
  );
});
