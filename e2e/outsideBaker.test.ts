import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { firstBlock } from "../docs/reference/markdownBlocks.ts";
import { stateFolder } from "../local/machine/paths.ts";
import { run } from "../local/machine/run.ts";
import { buildProgram } from "../local/toolchain/go.ts";
import { until } from "../testbed/background.ts";
import { BootedHost } from "../testbed/bootedHost.ts";
import { homeOf } from "../testbed/network.ts";
import { temporary } from "../testbed/testStack.ts";

// The file and the unit of docs/guide/outside-baker.md, as they stand there, on a real Debian that boots. No cluster is
// needed: how a router signs is tested in the pods of bakers.

const name = "outside";
const unit = "remote-signer-router";
const installed = `/usr/local/bin/${unit}`;
const router = `TMPDIR=/run/${unit} ${installed}`;
const program = temporary("outside-router");
const blockOf = (language: string): string => firstBlock("../guide/outside-baker.md", language);

let host: BootedHost;

before(async () => {
  await buildProgram("./signer-forwarder/router", program, join(stateFolder, "tools"), console.error);
  await run("ip", ["netns", "delete", homeOf(name)]).catch(() => {});
  await run("ip", ["netns", "add", homeOf(name)]);
  await run("ip", ["-n", homeOf(name), "link", "set", "lo", "up"]);
  host = await BootedHost.boot(name, "bookworm");
  await host.sh("useradd --system tezos");
  host.write(installed, readFileSync(program), 0o755);
  const address = "tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx";
  host.write(`etc/${unit}/router.json`, blockOf("json").replace("tz1…", address));
  host.write(`etc/systemd/system/${unit}.service`, blockOf("ini"));
});

after(async () => {
  await host?.stop();
  await run("ip", ["netns", "delete", homeOf(name)]);
});

const journal = () => host.sh(`journalctl --unit ${unit} --output cat --no-pager`);
const show = (property: string) => host.sh(`systemctl show --property ${property} --value ${unit}`);

test("the unit serves, and the commands reach it", async () => {
  await host.sh(`systemctl enable --now ${unit}`);
  await until(
    "it serves",
    20,
    async () => /serving alice: 2 signers, by signer-forwarder-replica-0\.prod\.svc/.test(await journal()),
    journal,
  );
  const marks = `/var/lib/${unit}/marks`;
  assert.equal(
    await host.sh(`stat --format '%U %a' ${marks} && cat ${marks}`),
    "tezos 600\nsigner-forwarder guard 1 of alice\n",
  );
  assert.match(await host.sh(`${router} page /metrics`), /^router_crashes_total 0$/m);
  assert.match(await host.sh(`${router} forget tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6`), /^found no mark of tz1/);
});

test("a second one, started by hand, is rejected, and the first one goes on", async () => {
  const second = `runuser -u tezos -- ${installed} /etc/${unit} || echo "ended with $?"`;
  assert.match(await host.sh(second), /marks: found it in use by another program, .*\nended with 1\n$/);
  assert.match(await host.sh(`${router} marks && ${router} page /healthz && echo well`), /well\n$/);
});

test("one that is killed is started again by its parent, and systemd has nothing to do", async () => {
  // One that ends within three seconds of its start is systemd's.
  await host.sh(`sleep 3.5 && pkill --signal KILL --full '^${installed} serve'`);
  const crashes = () => host.sh(`${router} page /metrics || true`);
  await until("it serves", 10, async () => /^router_crashes_total 1$/m.test(await crashes()), journal);
  assert.equal(await show("NRestarts"), "0\n");
});

test("it stops when it is told to, and leaves no process", async () => {
  await host.sh(`systemctl stop ${unit}`);
  assert.equal(await show("Result"), "success\n");
  assert.equal(await host.sh(`pgrep --full ^${installed} || true`), "");
});
