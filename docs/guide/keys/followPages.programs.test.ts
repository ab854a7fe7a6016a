import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { chainOf } from "../../../octez-stand-in/chain.ts";
import { LiveChain } from "../../../octez-stand-in/liveChain.ts";
import { rpcServer } from "../../../octez-stand-in/nodeRpc.ts";
import { PageReader, type ReadersStack } from "../../../testbed/pageReader.ts";
import { stepsOf } from "../../../testbed/pageSteps.ts";
import { type SoftwareKey, softwareKey } from "../../../testbed/softwareKeys.ts";
import { pageConfig } from "./pageConfig.ts";

// The pages followed line by line, without a cluster: their changes of the config, and their commands of octez-client
// with the stand-in's octez-client and node. The node's time runs ten times as fast.

const began = Date.now();
const live = new LiveChain(chainOf("sandbox"), () => began + 10 * (Date.now() - began));
const node = rpcServer(live);
const numbers = [21, 22, 23, 24, 25] as const;
const [ledger, next, tz4, dal, dal2] = (await Promise.all(
  numbers.map((number) => softwareKey(number < 23 ? "tz1" : "tz4", number)),
)) as [SoftwareKey, SoftwareKey, SoftwareKey, SoftwareKey, SoftwareKey];
const sshPublicKeys = Object.fromEntries(["home", "office", "pi"].map((name) => [name, `ssh-ed25519 AAAA${name}`]));
const names = { delegate: ledger.address, sshPublicKeys };

let settings = { signers: [], bakers: [] } as unknown as Parameters<Parameters<ReadersStack["change"]>[0]>[0];
let commands: string[] = [];
const stack: ReadersStack = {
  change: (edit) => edit(settings),
  npm: async (...words) => String(commands.push(words.join(" "))),
  attempt: async (...words) => ({
    code: 0,
    signal: null,
    stdout: "",
    stderr: "",
    all: String(commands.push(words.join(" "))),
  }),
  kubectl: async () => "",
  // The node listens at the port that kubectl would forward.
  kubectlCommand: async (...words) => [
    "sh",
    ["-c", `echo 'Forwarding from 127.0.0.1:${words.at(-1)} -> 0'; exec sleep 60`],
  ],
};

class Follower extends PageReader {
  async install(signer: string): Promise<void> {
    commands.push(`kit ${signer}`);
  }

  protected async look(): Promise<void> {}
}

/** Follows a page from the config that it starts from. Returns the keys in the config, and those that count, at the end. */
async function follow(page: string, keys: Readonly<Record<string, SoftwareKey>>) {
  const [step] = stepsOf(page);
  const { signers = settings.signers, bakers } = pageConfig(step && "change" in step ? step.change.before : "", {
    ...names,
    keys,
  });
  settings = { ...settings, signers, bakers } as typeof settings;
  commands = [];
  const follower = new Follower(stack, keys, names);
  await follower.octez("import", "secret", "key", "alice", `unencrypted:${ledger.secretKey}`);
  await follower.follow(page);
  const { consensus, companion = [] } = settings.bakers[0]?.delegates[0]?.keys ?? { consensus: [] };
  const active = (["consensus", "companion"] as const).map(
    (role) => live.delegates.keysNow(ledger.address, role, live.head).active?.pkh,
  );
  return { active, config: [...consensus, ...companion].map(({ address }) => address) };
}

before(async () => {
  live.delegates.ask(ledger.address, live.head);
  node.listen(8732, "127.0.0.1");
  await once(node, "listening");
});

after(() => {
  node.closeAllConnections();
  node.close();
});

test("who follows the page about a consensus key has it in the end, on the chain and in the config", async () => {
  const { active, config } = await follow("consensus-key.md", { "alice-ledger": ledger, "alice-next": next });
  assert.deepEqual(active, [next.address, undefined]);
  assert.deepEqual(config, [next.address]);
  assert.deepEqual(commands, ["up", "kit office", "doctor --signer office", "status", "missed", "up"]);
});

test("who follows the page to tezsign has a tz4 and its companion key in the end", async () => {
  const keys = { "alice-ledger": next, "alice-tz4": tz4, "alice-dal": dal };
  const { active, config } = await follow("ledger-to-tezsign.md", keys);
  assert.deepEqual(active, [tz4.address, dal.address]);
  assert.deepEqual(config, [tz4.address, dal.address]);
  assert.deepEqual(commands, ["up", "kit pi", "doctor --signer pi", "status", "missed", "up"]);
});

test("who follows the page about a companion key has it in the end", async () => {
  const { active, config } = await follow("companion-key.md", { "alice-tz4": tz4, "alice-dal": dal2 });
  assert.deepEqual(active, [tz4.address, dal2.address]);
  assert.deepEqual(config, [tz4.address, dal2.address]);
});
