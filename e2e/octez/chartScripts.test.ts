import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";

// The steps of charts/baker before the baker runs, with these programs and a folder for /var/run/tezos and /wallet.
const scripts = join(import.meta.dirname, "../../charts/baker/scripts");
const root = mkdtempSync(join(tmpdir(), "steps-"));
const data = join(root, "tezos/node/data");
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
  mirror.listen(0, "127.0.0.1");
  await once(mirror, "listening");
  snapshotUrl = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}/rolling`;
});
after(() => {
  mirror.close();
  rmSync(root, { recursive: true });
});

async function step(name: string, env: Readonly<Record<string, string>> = {}) {
  const script = readFileSync(join(scripts, `${name}.sh`), "utf8")
    .replaceAll("/var/run/tezos", join(root, "tezos"))
    .replaceAll("/wallet/", `${join(root, "wallet")}/`);
  const PATH = [join(root, "bin"), process.env.PATH].join(delimiter);
  const child = spawn("/bin/sh", ["-euc", script], { env: { PATH, ...env }, stdio: ["ignore", "ignore", "pipe"] });
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
