import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { clientLogFiles } from "./clientConfig.ts";
import { logFiles, readConfig } from "./dataDir.ts";

// The steps of charts/baker before the baker runs, with these programs and a folder for /var/run/tezos and /wallet.
const scripts = join(import.meta.dirname, "..", "charts/baker/scripts");
const root = mkdtempSync(join(tmpdir(), "steps-"));
const data = join(root, "tezos/node/data");
const client = join(root, "tezos/client");
let fetched = 0;
const mirror = createServer((request, response) => {
  fetched++;
  response.writeHead(request.url === "/rolling" ? 200 : 404).end("a snapshot");
});
let snapshotUrl: string;

before(async () => {
  mkdirSync(join(root, "bin"));
  mkdirSync(join(root, "wallet"));
  mkdirSync(join(root, "tezos"));
  for (const name of ["octez-node", "wget"]) {
    const program = join(import.meta.dirname, `${name}.ts`);
    writeFileSync(join(root, "bin", name), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`, {
      mode: 0o755,
    });
  }
  for (const name of ["public_key_hashs", "public_keys", "secret_keys"])
    writeFileSync(join(root, "wallet", name), "[]");
  const config = readFileSync(join(scripts, "../client-config.json"), "utf8");
  writeFileSync(join(root, "wallet/config"), config.replaceAll("/var/run/tezos", join(root, "tezos")));
  mirror.listen(0, "127.0.0.1");
  await once(mirror, "listening");
  snapshotUrl = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}/rolling`;
});
after(() => {
  mirror.close();
  rmSync(root, { recursive: true });
});

/** `around` gets the command of the script and may do something before and after it, in a mount namespace of its own. */
async function step(name: string, env: Readonly<Record<string, string>> = {}, around?: (command: string) => string) {
  const script = readFileSync(join(scripts, `${name}.sh`), "utf8")
    .replaceAll("/var/run/tezos", join(root, "tezos"))
    .replaceAll("/wallet/", `${join(root, "wallet")}/`);
  const PATH = [join(root, "bin"), process.env.PATH].join(delimiter);
  const file = join(root, "script.sh");
  writeFileSync(file, script);
  const command = `/bin/sh -euc "$(cat ${file})"`;
  const words = around ? ["unshare", "-m", "/bin/sh", "-euc", around(command)] : ["/bin/sh", "-euc", script];
  const child = spawn(words[0] as string, words.slice(1), {
    env: { PATH, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [text, [code]] = await Promise.all([child.stderr.toArray(), once(child, "close")]);
  return { code: code as number, text: Buffer.concat(text).toString() };
}

const settings = { NETWORK: "shadownet", HISTORY_MODE: "rolling" };

test("the wallet is written into the baker's base directory, also over an older one", async () => {
  assert.equal((await step("write-wallet")).code, 0);
  writeFileSync(join(root, "wallet/secret_keys"), '[{"name":"home","value":"http://s:1/tz1"}]');
  assert.equal((await step("write-wallet")).code, 0);
  assert.match(readFileSync(join(root, "tezos/client/secret_keys"), "utf8"), /home/);
});

test("the wallet's config is one that the programs take, and has them log into no file", async () => {
  assert.equal((await step("write-wallet")).code, 0);
  assert.deepEqual(clientLogFiles("octez-baker", client), []);
  assert.deepEqual(clientLogFiles("octez-accuser", client), []);
});

test("what an earlier version logged goes, and what a program could not write to its end; marks and nonces stay", async () => {
  mkdirSync(join(client, "logs/octez-baker"), { recursive: true });
  writeFileSync(join(client, "logs/octez-baker/daily-20261128.log"), "a line\n");
  const kept = ["NetXdQprcVkpa_highwatermarks", "NetXdQprcVkpa_nonces"];
  for (const name of [...kept, "NetXdQprcVkpa_highwatermarks1f2e3d.tmp"]) writeFileSync(join(client, name), "{}");
  assert.equal((await step("write-wallet")).code, 0);
  const wallet = ["config", "public_key_hashs", "public_keys", "secret_keys"];
  assert.deepEqual(readdirSync(client).sort(), [...kept, ...wallet].sort());
  for (const name of kept) rmSync(join(client, name));
});

const onSmallVolume = (setUp: string, check: string) => (command: string) =>
  `mount -t tmpfs -o size=256k none ${client}; ${setUp}; ${command} || echo "ended with $?" >&2; ${check}`;
const fill = (file: string) =>
  `mkdir -p ${client}/logs/octez-baker; cat /dev/zero > ${client}/${file} 2> /dev/null || :`;
const asRoot = { skip: process.getuid?.() !== 0 && "a mount needs root" };

test("a volume that is full of log files gets its wallet", asRoot, async () => {
  const check = `cmp ${root}/wallet/config ${client}/config; ls ${client} >&2`;
  const setUp = fill("logs/octez-baker/daily-20261128.log");
  const { code, text } = await step("write-wallet", {}, onSmallVolume(setUp, check));
  assert.deepEqual({ code, text }, { code: 0, text: "config\npublic_key_hashs\npublic_keys\nsecret_keys\n" });
});

test(
  "a volume that is full of something else keeps the wallet that it has, and the step says why",
  asRoot,
  async () => {
    const setUp = `echo '["old"]' > ${client}/secret_keys; ${fill("other")}`;
    const { code, text } = await step("write-wallet", {}, onSmallVolume(setUp, `cat ${client}/secret_keys >&2`));
    assert.equal(code, 0);
    assert.match(text, /No space left on device\nended with 1\n\["old"\]\n$/);
  },
);

test("a baker is ready while its volume has room for its marks", async () => {
  const before = readdirSync(client);
  assert.deepEqual(await step("can-write-marks"), { code: 0, text: "" });
  assert.deepEqual(readdirSync(client), before);
});

const unfit: [what: string, setUp: string, why: RegExp][] = [
  ["full", fill("other"), /No space left on device/],
  ["full but for a little", `${fill("other")}; truncate -s -32K ${client}/other`, /No space left on device/],
  ["read-only", `mount -o remount,ro ${client}`, /Read-only file system/],
];
for (const [what, setUp, why] of unfit) {
  test(`a baker is not ready with a volume that is ${what}, and the probe leaves nothing`, asRoot, async () => {
    const { code, text } = await step("can-write-marks", {}, onSmallVolume(setUp, `ls -A ${client} >&2`));
    assert.equal(code, 0);
    assert.match(text, why);
    assert.match(text, /ended with [1-9]/);
    assert.doesNotMatch(text, /^\.probe$/m);
  });
}

test("an empty volume gets a config, one identity and a chain", async () => {
  assert.deepEqual(await step("configure-node", { ...settings, NETWORK: "nowhere" }), {
    code: 124,
    text: "octez-node: option '--network': invalid value 'nowhere', expected one of 'sandbox, mainnet, ghostnet, shadownet', a URL or an existing filename\n",
  });
  assert.equal((await step("configure-node", settings)).code, 0);
  const identity = readFileSync(join(data, "identity.json"), "utf8");
  assert.equal((await step("configure-node", settings)).code, 0);
  assert.equal(readFileSync(join(data, "identity.json"), "utf8"), identity);
  assert.equal((await step("upgrade-storage")).code, 0);
  assert.ok(!existsSync(join(data, "store")));
});

test("a node logs into no file, whatever it did before, and after each start anew", async () => {
  mkdirSync(join(data, "daily_logs"));
  writeFileSync(join(data, "daily_logs/daily-20261128.log"), "a line\n");
  for (let start = 0; start < 2; start++) {
    assert.equal((await step("configure-node", settings)).code, 0);
    assert.ok(!existsSync(join(data, "daily_logs")));
    const config = readConfig(data);
    assert.deepEqual(config["internal-events"], {
      active_sinks: ["file-descriptor-stdout://?format=pp-short&level-at-least=notice"],
    });
    assert.deepEqual(logFiles(data, config), []);
    assert.equal(config.network, "shadownet");
  }
});

test("a snapshot that cannot be fetched stops the pod, and the next start tries again", async () => {
  const { code, text } = await step("import-snapshot", { SNAPSHOT_URL: `${snapshotUrl}/gone` });
  assert.deepEqual({ code, text }, { code: 1, text: "wget: server returned error: HTTP/1.1 404\n" });
  assert.equal((await step("import-snapshot", { SNAPSHOT_URL: snapshotUrl })).code, 0);
  assert.ok(existsSync(join(data, "store")));
  assert.ok(!existsSync(join(root, "tezos/node/snapshot")));
});

test("a volume that holds a chain needs no snapshot, unless its import was cut short", async () => {
  const before = fetched;
  assert.equal((await step("import-snapshot", { SNAPSHOT_URL: snapshotUrl })).code, 0);
  assert.equal(fetched, before);
  writeFileSync(join(root, "tezos/node/snapshot-unfinished"), "");
  assert.equal((await step("import-snapshot", { SNAPSHOT_URL: snapshotUrl })).code, 0);
  assert.equal(fetched, before + 1);
});

test("another network than the stored chain's is refused", async () => {
  const { code, text } = await step("configure-node", { ...settings, NETWORK: "mainnet" });
  assert.deepEqual({ code, said: /is of shadownet/.test(text) }, { code: 124, said: true });
});
