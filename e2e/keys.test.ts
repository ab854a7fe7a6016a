import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pageConfig } from "../docs/guide/keys/pageConfig.ts";
import { stopAll, until } from "../testbed/background.ts";
import { makeNetwork, removeNetwork } from "../testbed/network.ts";
import { PageReader } from "../testbed/pageReader.ts";
import { stepsOf } from "../testbed/pageSteps.ts";
import { type SoftwareKey, softwareKey } from "../testbed/softwareKeys.ts";
import { attestedLevels, giveCpu } from "../testbed/stackBakers.ts";
import { newSigner, Stack } from "../testbed/testStack.ts";

// The pages about a delegate's keys, followed line by line. Nothing is missed while a key takes over from another.

const homes = ["home", "office", "pi"];
const stack = new Stack("e2e-keys", 30132);
/** With mainnet's pace. In the 2 s of the sandbox's levels a busy machine now and then stalls for longer. */
const network = "https://testnet.example/network.json";
const [ledger, next, tz4, dal, dal2] = (await Promise.all([
  softwareKey("tz1", 21),
  softwareKey("tz1", 22),
  ...[23, 24, 25].map((number) => softwareKey("tz4", number)),
])) as [SoftwareKey, SoftwareKey, SoftwareKey, SoftwareKey, SoftwareKey];
/** The keys on each device. The first page's new key is the second page's key on the Ledger. */
const devices: Readonly<Record<string, readonly SoftwareKey[]>> = {
  home: [ledger, next],
  office: [next],
  pi: [tz4, dal, dal2],
};
const signers = await Promise.all(homes.map((name, at) => newSigner(name, [8443, 8453, 8453][at] as number)));
const sshPublicKeys = Object.fromEntries(signers.map(({ name, sshPublicKey }) => [name, sshPublicKey]));
for (const { name, keys } of signers) {
  const secrets = devices[name]?.map(({ secretKey }, at) => [`key-${at}`, secretKey]) ?? [];
  writeFileSync(join(keys, "tezos.json"), JSON.stringify(Object.fromEntries(secrets)));
}
const names = { delegate: ledger.address, sshPublicKeys };

/** The signers that dial. A later kit of theirs changes nothing here. */
const running = new Set<string>();

/** Has the devices, and looks at what the commands say. */
class Operator extends PageReader {
  /** The names of the consensus keys of this page, the one before and the one after. */
  consensus: readonly string[] = [];
  /** The first level at which nothing may be missed. */
  #from = 0;

  async install(name: string): Promise<void> {
    if (running.has(name)) return;
    running.add(name);
    const folder = signers.find((each) => each.name === name)?.keys ?? "";
    const signer = await stack.startSigner(name, "--keys", folder);
    await until(`${name} is connected`, 120, () => signer.output().includes("connected to"), signer.output);
  }

  protected async look(command: string, output: string): Promise<void> {
    if (command === "doctor") {
      assert.match(output, /^ok +tunnel /m);
      assert.doesNotMatch(output, /^bad +(?:tunnel|keys|device) /m);
      this.#from = (await this.#level()) + 3;
    } else if (command === "missed") await this.#nothingIsMissed();
    else assert.equal(command, "status");
  }

  /** Nothing is missed from before the operation until some levels after the switch, and no level has two keys. */
  async #nothingIsMissed(): Promise<void> {
    const switched = await this.#level();
    const to = switched + 4;
    await until(`level ${to} is final`, 120, async () => (await this.#level()) > to + 3);
    const levels = `${this.#from}..${to}`;
    const { stdout, all } = await stack.attempt("missed", "--json", "--levels", levels);
    const [{ missed, due }] = (JSON.parse(stdout) as Found).bakers;
    assert.deepEqual(missed, [], all);
    assert.ok(due.attestations >= to - this.#from + 1, all);
    // Not from the page's beginning: a key that has not been set yet votes for itself, as the stand-in gives rights to all.
    const attested = attestedLevels(await stack.bakerLog(), ...this.consensus);
    for (let level = switched - 4; level <= to; level++)
      assert.equal(attested.filter((each) => each === level).length, 1, `level ${level} has one vote`);
  }

  /** The highest level that the baker has attested. To ask its node would take the time that it has for its votes. */
  async #level(): Promise<number> {
    return Math.max(...attestedLevels(await stack.bakerLog(), ...this.consensus));
  }
}

type Found = { bakers: [{ due: { attestations: number }; missed: object[] }] };

/** Gives the stack the config that a page starts from. The wallet of who follows it has the delegate's own key. */
async function begin(
  page: string,
  keys: Readonly<Record<string, SoftwareKey>>,
  consensus: readonly string[],
): Promise<Operator> {
  const [step] = stepsOf(page);
  const { signers, bakers } = pageConfig(step && "change" in step ? step.change.before : "", { ...names, keys });
  stack.change((settings) => {
    if (signers) settings.signers = signers;
    settings.bakers = [{ ...settings.bakers[0], ...bakers[0], network } as (typeof settings.bakers)[number]];
    giveCpu(settings.bakers);
  });
  const operator = new Operator(stack, keys, names);
  operator.consensus = consensus;
  await operator.up();
  await operator.octez("import", "secret", "key", "alice", `unencrypted:${ledger.secretKey}`);
  return operator;
}

/** Waits until the baker logs that an attestation was signed with a key, and by its companion key if one is given. */
async function signs(key: string, companion?: string): Promise<void> {
  const since = new Date();
  const line = new RegExp(`^${key}: signed attestation .* ms${companion ? ` with companion key ${companion}` : ""}$`);
  await until(`${key} signs`, 120, async () => (await stack.bakerLog(since)).some((each) => line.test(each)));
}

let first: Operator;

before(async () => {
  first = await begin("consensus-key.md", { "alice-ledger": ledger, "alice-next": next }, [
    "alice-ledger",
    "alice-next",
  ]);
  await makeNetwork(homes);
  await first.install("home");
  await signs("alice-ledger");
});

after(async () => {
  await stopAll();
  await stack.npm("down");
  await removeNetwork(homes);
});

test("a consensus key takes over from the delegate's own key, and no level is missed", async () => {
  await first.follow("consensus-key.md");
  await signs("alice-next");
});

test("a tz4 on tezsign, with its companion key, takes over from a Ledger's key, and no level is missed", async () => {
  const operator = await begin("ledger-to-tezsign.md", { "alice-ledger": next, "alice-tz4": tz4, "alice-dal": dal }, [
    "alice-ledger",
    "alice-tz4",
  ]);
  await signs("alice-ledger");
  await operator.follow("ledger-to-tezsign.md");
  await signs("alice-tz4", "alice-dal");
});

test("another companion key takes over, and no level is missed", async () => {
  const operator = await begin("companion-key.md", { "alice-tz4": tz4, "alice-dal": dal2 }, ["alice-tz4"]);
  await signs("alice-tz4");
  await operator.follow("companion-key.md");
  await signs("alice-tz4", "alice-dal");
});
