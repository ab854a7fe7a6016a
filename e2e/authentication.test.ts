import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import type { Finding } from "../deploy/doctor/finding.ts";
import { authenticationKeyOf } from "../infra/keys/authenticationKey.ts";
import { authenticate } from "../octez-stand-in/authentication.ts";
import { voteBytes } from "../signer-host/dev/sampleBytes.ts";
import { type Background, stopAll, until } from "../testbed/background.ts";
import { makeNetwork, removeNetwork } from "../testbed/network.ts";
import { type KeySetting, keepFirstDelegate } from "../testbed/stackBakers.ts";
import { Stack, temporary } from "../testbed/testStack.ts";
import { bakerLabels, visitorPod } from "../testbed/visitorPod.ts";

// A device that requires authentication signs for the stack's bakers, and for nobody else who reaches it.

const stack = new Stack("e2e", 30022);
/** A pod that NetworkPolicies take for the baker. */
const impostor = "impostor";
let home: Background;
let key: KeySetting;
let seed: string;
let signerUrl: string;

before(async () => {
  stack.change(({ bakers }) => {
    keepFirstDelegate(bakers);
    key = bakers[0]?.delegates[0]?.keys.consensus[0] as KeySetting;
  });
  seed = stack.authenticationSeed;
  await stack.npm("up");
  signerUrl = (await stack.outputs()).signers.home?.url as string;
  await makeNetwork(["home"]);
  home = await stack.startSigner("home", "--require-authentication");
  const file = temporary("impostor.json");
  writeFileSync(
    file,
    JSON.stringify(visitorPod({ name: impostor, namespace: stack.name, labels: bakerLabels("alice") })),
  );
  await stack.kubectl("apply", "--filename", file);
  await stack.kubectl("wait", "--for=condition=Ready", `pod/${impostor}`, "--timeout=60s");
});

after(async () => {
  await stopAll();
  await stack.npm("down");
  await removeNetwork(["home"]);
});

/** Waits until the baker has logged a line of its key. */
async function bakerSays(line: RegExp): Promise<void> {
  const since = new Date();
  await until(
    `the baker says ${line}`,
    90,
    // `up` does not wait for bakers, so the container may not exist yet.
    async () => (await stack.bakerLog(since).catch(() => [])).some((text) => line.test(text)),
    async () => `${home.output()}${(await stack.bakerLog().catch(() => [])).slice(-10).join("\n")}`,
  );
}

/** What the doctor finds of whose requests the device signs. */
async function findsAuthorized(): Promise<Pick<Finding, "state" | "found" | "cure">> {
  const { stdout, all } = await stack.attempt("doctor", "--signer", "home", "--json");
  assert.ok(stdout.startsWith("{"), all);
  const { hops } = JSON.parse(stdout) as { hops: Finding[] };
  return hops.find(({ hop }) => hop === "authorized") as Finding;
}

/** Asks for a signature of bytes from the impostor's pod. Returns the status and the answer. */
async function ask(bytes: Buffer, query: string): Promise<string> {
  const url = `${signerUrl}/keys/${key.address}${query}`;
  const options = {
    method: "POST",
    body: `"${bytes.toString("hex")}"`,
    headers: { "content-type": "application/json" },
  };
  const script = `fetch(${JSON.stringify(url)}, ${JSON.stringify(options)}).then(async (answer) => console.log(answer.status, await answer.text()))`;
  return stack.kubectl("exec", impostor, "--", "node", "--eval", script);
}

test("the baker signs its requests, and gets every kind of signature", async () => {
  for (const kind of ["block", "preattestation", "attestation"]) {
    await bakerSays(new RegExp(`^${key.name}: signed ${kind} level \\d+ in \\d+ ms$`));
  }
  const { state, found } = await findsAuthorized();
  assert.deepEqual([state, found], ["ok", "it signs the requests of its bakers alone"]);
});

test("the same request without authentication, or by another key, is refused by the device", async () => {
  // Of a chain of its own, so that the guard's marks of the baker's chain stay as they are.
  const bytes = voteBytes(0x13, { level: 7 });
  const by = (name: string) => {
    const wallet = [{ alias: "authentication", ...authenticationKeyOf(seed, name) }];
    return `?authentication=${authenticate(wallet, [wallet[0]?.address], key.address, bytes)}&version=3`;
  };
  assert.match(await ask(bytes, "?version=3"), /^500 .*missing authentication signature field/);
  assert.match(await ask(bytes, by("mallory")), /^500 .*invalid authentication signature/);
  assert.match(await ask(bytes, by("alice")), /^200 {"signature":/);
  // Its answer is kept now, for this request alone.
  assert.match(await ask(bytes, "?version=3"), /^500 .*missing authentication signature field/);
});

test("a stack without a seed gets no signature from it, and the doctor says why", async () => {
  stack.change((settings) => {
    delete settings.authenticationSeed;
  });
  await stack.npm("up");
  await bakerSays(new RegExp(`^${key.name}: failed .* no authorized key was found in the wallet`));
  const { state, found, cure } = await findsAuthorized();
  assert.deepEqual(
    [state, found],
    ["bad", "it requires authentication, and its bakers have no key for their requests"],
  );
  assert.match(cure ?? "", /authenticationSeed/);
});
