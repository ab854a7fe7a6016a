import assert from "node:assert/strict";
import { test } from "node:test";
import { type Finding, findingsOfReplicas, jsonOf, linesOf, verdict } from "./finding.ts";

const findings: readonly Finding[] = [
  { hop: "config", state: "ok", found: "2 signers, 2 keys" },
  { signer: "home", hop: "tunnel", state: "bad", found: "is down:\n  an escape \x1b[2J", cure: "dial" },
  {
    signer: "home",
    hop: "daemon",
    state: "unknown",
    found: "depends on tunnel",
    cure: "see tunnel",
    dependsOn: "tunnel",
  },
  { signer: "office", hop: "clock", state: "unknown", found: "the host does not say", cure: "timedatectl" },
];

test("findings are lines below a heading for the stack and each signer, with their own cures", () => {
  assert.deepEqual(linesOf("prod", findings), [
    "stack prod",
    "ok          config       2 signers, 2 keys",
    "",
    "signer home",
    "bad         tunnel       is down:; an escape ?[2J",
    "                         cure: dial",
    "can't tell  daemon       depends on tunnel",
    "",
    "signer office",
    "can't tell  clock        the host does not say",
    "                         cure: timedatectl",
  ]);
});

test("the exit code is 1 if something is bad, 2 if something can't be told, and else 0", () => {
  assert.deepEqual([findings, findings.slice(2), findings.slice(0, 1), []].map(verdict), [1, 2, 0, 0]);
});

test("programs get the findings as they are", () => {
  const report = { stack: "prod", healthy: false, hops: findings };
  assert.deepEqual(JSON.parse(jsonOf("prod", findings)), report);
});

test("of a further replica only what differs is told, behind the others of its signer", () => {
  const up: Finding = { signer: "home", hop: "tunnel", state: "ok", found: "is up since 3 h" };
  const port: Finding = { hop: "port", state: "ok", found: "30023 answers" };
  const first = [findings[0] as Finding, up, findings[3] as Finding];
  const second = [findings[0] as Finding, port, findings[1] as Finding, findings[3] as Finding];
  assert.deepEqual(findingsOfReplicas([first]), first);
  assert.deepEqual(findingsOfReplicas([first, second]), [
    findings[0],
    { ...port, found: "replica 1: 30023 answers" },
    up,
    { ...(findings[1] as Finding), found: "replica 1: is down:\n  an escape \x1b[2J" },
    findings[3],
  ]);
});
