import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ChartSteps } from "./chartSteps.ts";
import { clientLogFiles } from "./clientConfig.ts";
import { logFiles, readConfig } from "./dataDir.ts";

const steps = new ChartSteps();
const { client, data, root } = steps;
const step = steps.run.bind(steps);
let fetched = 0;
const mirror = createServer((request, response) => {
  fetched++;
  response.writeHead(request.url === "/rolling" ? 200 : 404).end("a snapshot");
});
let snapshotUrl: string;

before(async () => {
  mirror.listen(0, "127.0.0.1");
  await once(mirror, "listening");
  snapshotUrl = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}/rolling`;
});
after(() => {
  mirror.close();
  steps.remove();
});

const settings = { NETWORK: "shadownet", HISTORY_MODE: "rolling" };

test("the wallet is written into the baker's base directory, also over an older one", async () => {
  assert.equal((await step("write-wallet")).code, 0);
  writeFileSync(join(root, "wallet/secret_keys"), '[{"name":"home","value":"http://s:1/tz1"}]');
  assert.equal((await step("write-wallet")).code, 0);
  assert.match(readFileSync(join(root, "tezos/client/secret_keys"), "utf8"), /home/);
});

test("the key that signs the requests is in the wallet, where nobody else can read it", async () => {
  const list = JSON.stringify([{ name: "home", value: "http://s:1/tz1" }], null, 2);
  writeFileSync(join(root, "wallet/secret_keys"), list);
  const entry = { name: "authentication", value: "unencrypted:edsk" };
  writeFileSync(join(root, "authentication/entry"), JSON.stringify(entry));
  assert.equal((await step("write-wallet")).code, 0);
  const file = join(client, "secret_keys");
  assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), [...JSON.parse(list), entry]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  rmSync(join(root, "authentication/entry"));
  assert.equal((await step("write-wallet")).code, 0);
  assert.equal(readFileSync(file, "utf8"), list);
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

test("a baker is ready while its volume has room for its marks", async () => {
  const before = readdirSync(client);
  assert.deepEqual(await step("can-write-marks"), { code: 0, text: "" });
  assert.deepEqual(readdirSync(client), before);
});

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
