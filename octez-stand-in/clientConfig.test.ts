import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { clientLogFiles } from "./clientConfig.ts";
import { fileOn } from "./eventSinks.ts";

const folder = mkdtempSync(join(tmpdir(), "client-config-"));
after(() => rmSync(folder, { recursive: true }));

function filesOf(config: unknown): string[] {
  const text = typeof config === "string" ? config : JSON.stringify(config);
  writeFileSync(join(folder, "config"), text);
  return clientLogFiles("octez-baker", folder).map((file) => fileOn(file, new Date("2026-11-28T12:00:00Z")));
}
const events = (...sinks: unknown[]) => ({ base_dir: folder, internal_events: { active_sinks: sinks } });
const own = join(folder, "logs/octez-baker/daily-20261128.log");
const stdout = "file-descriptor-stdout://?format=pp-short&level-at-least=notice&advertise-levels=true";
const daily = "file-descriptor-path:///var/log/octez.log?daily-logs=7&create-dirs=true&level-at-least=info";

const logged: [what: string, config: unknown, files: string[]][] = [
  ["a config without a word about logs", { base_dir: folder, confirmations: 0, web_port: 8080 }, [own]],
  ["a config of the other log section", { base_dir: folder, log: { output: "stderr" } }, [own]],
  ["standard output alone", events(stdout), []],
  ["standard error and the system's log", events("file-descriptor-stderr://", "file-descriptor-syslog://"), []],
  ["no sink", events(), []],
  ["no sinks at all", { base_dir: folder, internal_events: {} }, []],
  ["the sinks' name of before", { base_dir: folder, internal_events: { activate: [stdout] } }, []],
  ["a file", events(stdout, "file-descriptor-path:///var/log/octez.log"), ["/var/log/octez.log"]],
  ["a file a day", events(daily), ["/var/log/octez-20261128.log"]],
];
for (const [what, config, files] of logged) {
  test(`a program logs into the files of ${what}`, () => assert.deepEqual(filesOf(config), files));
}

test("a program without a config logs into a file a day of its own", () => {
  rmSync(join(folder, "config"), { force: true });
  const [file] = clientLogFiles("octez-accuser", folder);
  assert.equal(
    file && fileOn(file, new Date("2026-01-02T23:59:59Z")),
    join(folder, "logs/octez-accuser/daily-20260102.log"),
  );
});

const refused: [what: string, config: unknown, message: RegExp][] = [
  ["no JSON", "{", /as a JSON/],
  ["half a JSON", '{"base_dir": "/', /as a JSON/],
  ["a list", [], /an object is expected/],
  ["no base directory", { internal_events: {} }, /Missing object field base_dir/],
  ["a field that nobody knows", { base_dir: folder, base: folder }, /Unexpected object field base/],
  ["the node's spelling", { base_dir: folder, "internal-events": {} }, /Unexpected object field internal-events/],
  ["a number as text", { base_dir: folder, confirmations: "0" }, /confirmations: unexpected value/],
  ["a port that is none", { base_dir: folder, web_port: 65536 }, /web_port: unexpected value/],
  [
    "a field of the sinks that nobody knows",
    { base_dir: folder, internal_events: { sinks: [] } },
    /unexpected object field sinks/,
  ],
  ["a sink as text", { base_dir: folder, internal_events: { active_sinks: stdout } }, /a list of strings/],
  ["a sink that is no text", events(1), /a list of strings/],
  ["a sink without a scheme", events("stdout"), /Missing URI scheme "stdout"/],
  ["a scheme that nobody knows", events("file-descriptor-null://"), /URI scheme not registered/],
  ["a level that is none", events("file-descriptor-stdout://?level-at-least=all"), /Wrong level: "all"/],
  ["a format that is none", events("file-descriptor-stdout://?format=json"), /Unknown format: "json"/],
  ["a label that is neither on nor off", events("file-descriptor-stdout://?advertise-levels=yes"), /Expected bool/],
  ["days that are no number", events("file-descriptor-path:///log?daily-logs=week"), /daily-logs should be an integer/],
  ["a file without a path", events("file-descriptor-path://"), /Missing path configuration/],
];
for (const [what, config, message] of refused) {
  test(`a program refuses ${what}`, () => assert.throws(() => filesOf(config), { message, exitCode: 1 }));
}

test("a program refuses a config file that is named and is not there", () => {
  assert.throws(() => clientLogFiles("octez-baker", folder, join(folder, "none")), /does not exist/);
});
