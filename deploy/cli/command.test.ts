import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { root } from "../../local/machine/checkout.ts";
import { localClusterOf, readStack, runStack } from "../stack/stack.ts";
import { openStackFile, readStackFile } from "../stack/stackFile.ts";
import { type Options, parse, UsageError } from "./command.ts";

const command = { help: "", switches: ["yes"] };
const folder = mkdtempSync(join(tmpdir(), "command-"));
after(() => rmSync(folder, { recursive: true }));

function options(...words: string[]): Options {
  const parsed = parse(command, words);
  assert.ok(parsed !== "help");
  return parsed;
}

test("the stack is dev, with its own file, unless another is named", () => {
  const { stack, configFile, context, has } = options();
  assert.deepEqual([stack, configFile, context, has("yes")], ["dev", "Pulumi.dev.yaml", undefined, false]);
});

test("a config file is meant from where the user is", () => {
  const file = join(folder, "Pulumi.mine.yaml");
  writeFileSync(file, "config: {}\n");
  const before = process.env.INIT_CWD;
  process.env.INIT_CWD = folder;
  const { stack, configFile } = options("--stack", "mine", "--config-file", "Pulumi.mine.yaml");
  if (before === undefined) delete process.env.INIT_CWD;
  else process.env.INIT_CWD = before;
  assert.deepEqual([stack, resolve(root, configFile)], ["mine", file]);
});

test("help is asked for before anything is checked", () =>
  assert.equal(parse(command, ["--help", "--stack", "none"]), "help"));

for (const words of [["--stack", "none"], ["--stak", "dev"], ["dev"], ["--stack"], ["--yes=1"]]) {
  test(`${words.join(" ")} is a mistake`, () => assert.throws(() => parse(command, words), UsageError));
}

const withWords = { help: "", words: ["SIGNER"], valued: ["arch"], takesRest: true };

test("a command has the words, the values and the rest that it asks for", () => {
  const parsed = parse(withWords, ["home", "--arch", "arm64", "--stack", "dev", "--", "-v", "--", "--help"]);
  assert.ok(parsed !== "help");
  const { stack, words, rest, value } = parsed;
  assert.deepEqual([stack, words, rest], ["dev", ["home"], ["-v", "--", "--help"]]);
  assert.deepEqual([value("arch"), value("out")], ["arm64", undefined]);
});

for (const [words, message] of [
  [[], /^arguments: found no word, wanted SIGNER$/],
  [["home", "office"], /^arguments: found "home" "office", wanted SIGNER$/],
  [["home", "--arch"], /--arch/],
] as const) {
  test(`${words.join(" ") || "no word"} is a mistake for a command that takes one`, () =>
    assert.throws(
      () => parse(withWords, [...words]),
      (error) => error instanceof UsageError && message.test(error.message),
    ));
}

test("a key that was given as a word is not said again", () => {
  const pem = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----\n";
  for (const words of [
    [pem],
    [pem.replaceAll("\n", " ")],
    ["b3BlbnNzaC1rZXktdjEAAAAABG5v"],
    ["--yes", "--b3BlbnNzaC1rZXktdjEAAAAABG5v"],
    ["home", "b3BlbnNzaC1rZXktdjEAAAAABG5v"],
  ])
    assert.throws(
      () => parse(words[0] === "home" ? withWords : command, words),
      (error) => error instanceof UsageError && !error.message.includes("b3BlbnNz"),
    );
});

test("the dev stack's cluster is this machine's own, and with --context it is the one that is named", () => {
  process.chdir(root);
  assert.deepEqual(localClusterOf(readStack(options())), { name: "dev", kubeconfig: ".local/kubeconfig" });
  const other = readStack(options("--context", "elsewhere"));
  assert.equal(localClusterOf(other), undefined);
  assert.deepEqual(other.file.config?.["remote-signer-cloud:cluster"], { kind: "existing", context: "elsewhere" });
});

test("a context of that name in another kubeconfig is somebody else's cluster", () => {
  const file = { config: { "remote-signer-cloud:cluster": { kind: "existing", context: "local", kubeconfig: "a/b" } } };
  assert.equal(localClusterOf({ name: "x", configFile: "y", file, hasOtherCluster: false }), undefined);
});

test("a host key that is not encrypted is refused, and not shown", async () => {
  const config = { "remote-signer-cloud:hostKey": "the secret", "remote-signer-cloud:nextHostKey": "the secret" };
  await assert.rejects(
    runStack({ name: "x", configFile: "y", file: { config }, hasOtherCluster: false }),
    ({ message }: Error) =>
      / {2}hostKey: found a plain text/.test(message) &&
      / {2}nextHostKey: found a plain text/.test(message) &&
      !message.includes("the secret"),
  );
});

/** The host-key command's lines, decrypted with the passphrase, and the key and fingerprint that they should hold. */
function hostKeyLines(...options: string[]) {
  rmSync(join(folder, "Pulumi.new.yaml"), { force: true });
  const file = join(root, "signer-host/dev/keys/home/ssh_ed25519");
  const key = readFileSync(file, "utf8");
  const [, blob = ""] = readFileSync(`${file}.pub`, "utf8").split(" ");
  const hash = createHash("sha256").update(Buffer.from(blob, "base64")).digest("base64");
  const env = { ...process.env, PULUMI_CONFIG_PASSPHRASE: "p" };
  const words = ["deploy/hostKey.ts", "--stack", "new", "--config-file", join(folder, "Pulumi.new.yaml"), ...options];
  const lines = execFileSync(process.execPath, words, {
    cwd: root,
    env,
    input: key,
    stdio: ["pipe", "pipe", "ignore"],
  });
  writeFileSync(join(folder, "Pulumi.new.yaml"), lines);
  process.env.PULUMI_CONFIG_PASSPHRASE = "p";
  const opened = openStackFile(readStackFile(join(folder, "Pulumi.new.yaml")), "new", "Pulumi.new.yaml");
  delete process.env.PULUMI_CONFIG_PASSPHRASE;
  return { ...opened, key, fingerprint: `SHA256:${hash.replace(/=+$/, "")}` };
}

test("the host-key command's lines are opened again with the passphrase, and pin the key", () => {
  const { values, secretKeys, key, fingerprint } = hostKeyLines();
  assert.deepEqual(values, {
    "remote-signer-cloud:hostKey": key,
    "remote-signer-cloud:hostKeyFingerprint": fingerprint,
  });
  assert.deepEqual(secretKeys, ["remote-signer-cloud:hostKey"]);
});

test("with --next they are those of the next host key alone", () => {
  const { values, secretKeys, key } = hostKeyLines("--next");
  assert.deepEqual(values, { "remote-signer-cloud:nextHostKey": key });
  assert.deepEqual(secretKeys, ["remote-signer-cloud:nextHostKey"]);
});

for (const name of ["up", "down", "output", "render", "kit", "hostKey"]) {
  test(`${name} says what it does on stdout, and calls a misspelt option a mistake`, () => {
    const call = (...words: string[]) =>
      spawnSync(process.execPath, [`deploy/${name}.ts`, ...words], { cwd: root, encoding: "utf8" });
    const help = call("--help");
    assert.match(help.stdout, /^npm run .*\n\n[A-Z]/);
    assert.deepEqual([help.status, help.stderr], [0, ""]);
    const mistake = call("--stak", "dev");
    assert.match(mistake.stderr, /--stak/);
    assert.deepEqual([mistake.status, mistake.stdout], [2, ""]);
  });
}
