import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { dump, load } from "js-yaml";
import { forwarderProgram } from "../deploy/cluster/forwarderPod.ts";
import { openPassphrase, type Passphrase } from "../deploy/stack/passphrase.ts";
import { localAccess } from "../infra/config/localCluster.ts";
import { parseHostKey } from "../infra/keys/sshKey.ts";
import type { SignerEndpoint } from "../infra/signerForwarder.ts";
import { root } from "../local/machine/checkout.ts";
import { attempt, type Outcome, run } from "../local/machine/run.ts";
import { ensureTools } from "../local/toolchain/tools.ts";
import { type Background, start } from "./background.ts";
import { homeOf, inside } from "./network.ts";
import type { BakerSetting } from "./stackBakers.ts";
import { clusterName, kubeconfig, replicas, testCluster } from "./testCluster.ts";

/** The dev stack's passphrase, as in the README. */
const devPassphrase = "remote-signer-cloud-dev";
const { context, nodeAddress } = testCluster;
const folder = mkdtempSync(join(tmpdir(), "rsc-e2e-"));

type Signer = { name: string; sshPublicKey: string; nextSshPublicKey?: string; port: number };
type Settings = {
  cluster: unknown;
  endpoint: unknown;
  signers: Signer[];
  bakers: BakerSetting[];
  [key: string]: unknown;
};
type Outputs = {
  /** One for each replica of the forwarder. */
  signerEndpoints: readonly [SignerEndpoint, ...SignerEndpoint[]];
  knownHosts: string;
  hostKeyFingerprint: string;
  signers: Record<string, { url: string; port: number; sshPort: number; sshCommand: string }>;
};

type StackContent = { config: Record<string, unknown>; encryptionsalt: string };

/** A stack for tests: the dev stack's config, on the test cluster. A second replica is at the node port after the given one. */
export class Stack {
  readonly name: string;
  readonly configFile: string;
  #content: StackContent;
  readonly #hostKey: string;
  readonly #secrets: Passphrase;
  /** The passphrase with which the commands open the config. */
  passphrase = devPassphrase;

  constructor(name: string, nodePort: number) {
    this.name = name;
    // Watermarks that the signers of an earlier run left do not apply to this run.
    rmSync(join(root, ".local/signers", name), { recursive: true, force: true });
    this.configFile = join(folder, `Pulumi.${name}.yaml`);
    this.#content = load(readFileSync(join(root, "Pulumi.dev.yaml"), "utf8")) as StackContent;
    this.#secrets = openPassphrase(devPassphrase, this.#content.encryptionsalt);
    const { secure } = this.#content.config["remote-signer-cloud:hostKey"] as { secure: string };
    this.#hostKey = this.#secrets.decrypt(secure);
    this.change((settings) => {
      settings.cluster = { kind: "existing", ...localAccess(clusterName) };
      settings.endpoint = { host: nodeAddress, nodePort };
      if (replicas > 1) settings.forwarder = { replicas };
    });
  }

  /** Changes the stack's config file, as its owner would with an editor. */
  change(edit: (settings: Settings) => void): void {
    const prefix = "remote-signer-cloud:";
    const entries = Object.entries(this.#content.config).map(([key, value]) => [key.slice(prefix.length), value]);
    const settings = Object.fromEntries(entries) as Settings;
    edit(settings);
    const changed = Object.entries(settings).map(([key, value]) => [prefix + key, value]);
    this.#content = { ...this.#content, config: Object.fromEntries(changed) };
    writeFileSync(this.configFile, dump(this.#content));
  }

  /**
   * Sets the stack's host key with its fingerprint, and its next host key.
   * The defaults are the dev stack's host key and no next one.
   */
  changeHostKey(pem = this.#hostKey, next?: string): void {
    this.change((settings) => {
      settings.hostKey = { secure: this.#secrets.encrypt(pem) };
      settings.hostKeyFingerprint = parseHostKey(pem).fingerprint;
      delete settings.nextHostKey;
      if (next !== undefined) settings.nextHostKey = { secure: this.#secrets.encrypt(next) };
    });
  }

  /** The seed of the bakers' authentication keys. */
  get authenticationSeed(): string {
    const { secure } = this.#content.config["remote-signer-cloud:authenticationSeed"] as { secure: string };
    return this.#secrets.decrypt(secure);
  }

  /** Runs one of the project's commands on the stack, as a user types it. Returns its stdout. */
  npm(command: string, ...words: string[]): Promise<string> {
    const env = { ...process.env, PULUMI_CONFIG_PASSPHRASE: this.passphrase };
    return run("npm", this.npmWords(command, ...words), { cwd: root, env });
  }

  /** Runs one of the project's commands on the stack, whatever its exit code. */
  attempt(command: string, ...words: string[]): Promise<Outcome> {
    const env = { ...process.env, PULUMI_CONFIG_PASSPHRASE: this.passphrase };
    return attempt("npm", this.npmWords(command, ...words), { cwd: root, env });
  }

  /** npm's words for one of the project's commands on the stack. */
  npmWords(command: string, ...words: string[]): string[] {
    return ["run", "--silent", command, "--", "--stack", this.name, "--config-file", this.configFile, ...words];
  }

  async outputs(): Promise<Outputs> {
    return JSON.parse(await this.npm("output")) as Outputs;
  }

  /** Runs kubectl in the stack's namespace. */
  async kubectl(...words: string[]): Promise<string> {
    return run(...(await this.kubectlCommand(...words)), { cwd: root });
  }

  /** The command that runs kubectl in the stack's namespace, for use in the background. */
  async kubectlCommand(...words: string[]): Promise<[string, string[]]> {
    const { kubectl } = await ensureTools(["kubectl"], () => {});
    return [
      kubectl,
      ["--kubeconfig", join(root, kubeconfig), "--context", context, "--namespace", this.name, ...words],
    ];
  }

  /**
   * The command that runs a program on the node of the first replica of the forwarder. Kubernetes lets a pod's own node
   * reach it past every policy, as it does for the kubelet. Another node is nobody's baker.
   */
  async onForwarderNode(...words: string[]): Promise<[string, string[]]> {
    const pod = ["pods", "--selector", "app.kubernetes.io/instance=signer-forwarder"];
    const node = await this.kubectl("get", ...pod, "--output", "jsonpath={.items[0].spec.nodeName}");
    const [enter, ...namespace] = inside(node.trim()) as [string, ...string[]];
    return [enter, [...namespace, ...words]];
  }

  /** The URL of a signer's Service, without a path. A machine outside of the cluster may know no name of it. */
  async signerUrl(signer: string, port: number): Promise<string> {
    const name = `signer-${signer}`;
    const address = await this.kubectl("get", "service", name, "--output", "jsonpath={.spec.clusterIP}");
    return `http://${address.trim()}:${port}`;
  }

  /** Starts to ask a signer's Service for /authorized_keys, again and again. It says at its end how often that failed. */
  async startPolling(signer: string, port: number): Promise<Background> {
    const url = `${await this.signerUrl(signer, port)}/authorized_keys`;
    return start(...(await this.onForwarderNode(process.execPath, join(root, "testbed/pollLoop.ts"), url)));
  }

  /** Runs the forwarder's program in its pod. */
  forwarder(...words: string[]): Promise<string> {
    return this.kubectl("exec", "deployment/signer-forwarder", "--", forwarderProgram, ...words);
  }

  /** Starts a development signer in its own home. It gets the current outputs and no later ones. */
  async startSigner(name: string, ...options: string[]): Promise<Background> {
    const file = join(folder, `${this.name}-${name}.json`);
    writeFileSync(file, JSON.stringify(await this.outputs()));
    const words = [join(root, "signer-host/dev/signer.ts"), name, "--stack", this.name, "--outputs", file, ...options];
    const [enter, ...namespace] = inside(homeOf(name)) as [string, ...string[]];
    return start(enter, [...namespace, process.execPath, ...words]);
  }

  /** The lines that octez-baker has logged since a moment. */
  async bakerLog(since = new Date(0)): Promise<string[]> {
    // Filters by the lines' timestamps: kubectl's `--since-time` has whole seconds only, and returns earlier lines too.
    // Its name, because a test may have other pods with its labels.
    const text = await this.kubectl("logs", "baker-alice-0", "--container", "octez-baker", "--timestamps");
    const lines = [...text.matchAll(/^(\S+) (.+)$/gm)];
    return lines
      .filter(([, time]) => Date.parse(time as string) >= since.getTime())
      .map(([, , said]) => said as string);
  }
}

/** Does some work with the pulumi CLI hidden from PATH. */
export async function withoutPulumi<T>(work: () => Promise<T>): Promise<T> {
  const { PATH } = process.env;
  process.env.PATH = (PATH ?? "")
    .split(delimiter)
    .filter((entry) => !existsSync(join(entry, "pulumi")))
    .join(delimiter);
  try {
    return await work();
  } finally {
    process.env.PATH = PATH;
  }
}

/** Makes a new signer: its keys in the tests' folder, and its entry for a stack's config. */
export async function newSigner(name: string, port: number): Promise<Signer & { keys: string }> {
  const keys = join(folder, "keys", name);
  mkdirSync(keys, { recursive: true });
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", join(keys, "ssh_ed25519")]);
  copyFileSync(join(root, "signer-host/dev/keys/home/tezos.json"), join(keys, "tezos.json"));
  return { name, port, keys, sshPublicKey: readFileSync(join(keys, "ssh_ed25519.pub"), "utf8").trim() };
}

/** The path of a file in the tests' own folder. */
export function temporary(name: string): string {
  return join(folder, name);
}
