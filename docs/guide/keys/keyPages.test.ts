import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import { homeKey, officeKey, problemsAfter, type Tree } from "../../../infra/config/sampleConfig.ts";
import { addressOf } from "../../../infra/keys/tezosKey.ts";
import { root } from "../../../local/machine/checkout.ts";
import { blocksOf, sidesOf } from "../../reference/markdownBlocks.ts";
import { codeIn, rowsWith, tablesOf } from "../../reference/markdownTables.ts";
import { type PageNames, pageConfig } from "./pageConfig.ts";

const block = "/chains/main/blocks/head";
const pages = readdirSync(import.meta.dirname).filter((file) => file.endsWith(".md"));
const pathOf = (page: string) => join("../guide/keys", page);
const textOf = (page: string) => readFileSync(join(import.meta.dirname, page), "utf8");

/**
 * Each command of other programs on the pages: what it looks like, and the file that has it. Words in capitals stand for
 * one word, with `…` for one or more. Octez is v25.1, `proto` its src/proto_025_PsUshuai.
 */
const forms: readonly (readonly [form: string, source: string])[] = [
  ["octez-client import public key NAME unencrypted:KEY", "src/lib_client_commands/client_keys_commands.ml"],
  ["octez-client set consensus key for NAME to NAME", "proto/lib_client_commands/client_proto_context_commands.ml"],
  [
    "octez-client set consensus key for NAME to NAME --consensus-key-pop PROOF",
    "proto/lib_client/client_proto_args.ml, consensus_key_pop_arg",
  ],
  [
    "octez-client set companion key for NAME to NAME --companion-key-pop PROOF",
    "proto/lib_client/client_proto_args.ml, companion_key_pop_arg",
  ],
  ["octez-client check bls proof PROOF for KEY", "proto/lib_client_commands/client_bls_commands.ml"],
  ["octez-client --endpoint https://…", "src/lib_client_base_unix/client_config.ml, endpoint_arg"],
  [`octez-client rpc get ${block}/context/constants`, "proto/lib_plugin/constants_services.ml"],
  [`octez-client rpc get ${block}/context/delegates/ADDRESS/consensus_key`, "proto/lib_plugin/delegate_services.ml"],
  [`octez-client rpc get ${block}/context/delegates/ADDRESS/companion_key`, "proto/lib_plugin/delegate_services.ml"],
  [
    `octez-client rpc get '${block}/helpers/baking_rights?delegate=ADDRESS&max_round=0'`,
    "proto/lib_plugin/RPC.ml, Baking_rights",
  ],
  ["octez-signer --base-dir DIR create bls proof for NAME", "src/bin_signer/main_signer.ml"],
  ["tezsign init", "tez-capital/tezsign app/host/commands.go"],
  ["tezsign new NAME…", "tez-capital/tezsign app/host/commands.go"],
  ["tezsign unlock NAME…", "tez-capital/tezsign app/host/commands.go"],
  ["tezsign status --full", "tez-capital/tezsign app/host/commands.go"],
  ["tezsign status --full NAME", "tez-capital/tezsign app/host/commands.go"],
  ["tezsign run --listen 127.0.0.1:20090", "tez-capital/tezsign app/host/commands.go"],
];

function patternOf(form: string): RegExp {
  const words = form.split(" ").map((word) =>
    word
      .replace(/[.?*+^$|()[\]{}\\]/g, "\\$&")
      .replace(/NAME…/, "[a-z0-9-]+(?: [a-z0-9-]+)*")
      .replace(/NAME/, "[a-z0-9-]+")
      .replace(/ADDRESS|KEY|PROOF/, "\\w+…")
      .replace(/DIR/, "[\\w/-]+"),
  );
  return new RegExp(`^${words.join(" ")}$`);
}

/** The commands of a program that is not ours, in the blocks of a page and between its backticks. */
function commandsOf(page: string): string[] {
  const lines = blocksOf(pathOf(page)).flatMap(({ language, lines }) => (language === "sh" ? lines : []));
  const prose = textOf(page).replaceAll(/^ *```[\s\S]*?^ *```$/gm, "");
  return [...lines, ...codeIn(prose.replaceAll(/\n */g, " "))]
    .map((line) => line.replace(/^sudo -u \S+ /, ""))
    .filter((line) => /^(?:octez-\w+|tezsign) \S/.test(line));
}

test("every command of octez-client, octez-signer and tezsign on the pages is one that they have", () => {
  const patterns = forms.map(([form]) => ({ form, pattern: patternOf(form), isUsed: false }));
  const unknown = pages.flatMap((page) =>
    commandsOf(page).flatMap((command) => {
      const known = patterns.filter(({ pattern }) => pattern.test(command));
      for (const each of known) each.isUsed = true;
      return known.length > 0 ? [] : [`${page}: ${command}`];
    }),
  );
  assert.deepEqual(unknown, []);
  assert.deepEqual(
    patterns.filter(({ isUsed }) => !isUsed).map(({ form }) => form),
    [],
    "forms that no page has",
  );
});

test("every command of the project on the pages is one of package.json's", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
  const names = pages.flatMap((page) =>
    [...textOf(page).matchAll(/npm run (?:-s )?([\w-]+)/g)].map(([, name]) => name),
  );
  assert.deepEqual(
    [...new Set(names)].filter((name) => name === undefined || !Object.hasOwn(scripts, name)),
    [],
  );
});

test("every config key that the pages name is one of the reference's", () => {
  const known = rowsWith(tablesOf("config.md"), "key").flatMap(({ key }) => codeIn(key));
  const isKey = (name: string) =>
    known.some((key) => key === name || key.startsWith(`${name}.`) || key.startsWith(`${name}[]`));
  const named = pages.flatMap((page) =>
    codeIn(textOf(page)).filter((code) => /^(?:bakers|delegates|signers)\[\]|Seed$/.test(code)),
  );
  assert.ok(named.length > 5, named.join(" "));
  assert.deepEqual(
    named.filter((name) => !isKey(name) && !isKey(`bakers[].${name}`)),
    [],
  );
});

function keyOf(byte: number, prefix: PrefixV2, length: number) {
  const publicKey = b58Encode(Buffer.alloc(length, byte), prefix);
  return { publicKey, address: addressOf(publicKey) };
}

/** Nobody's keys, for the names of the pages. */
const names: PageNames = {
  delegate: keyOf(9, PrefixV2.Ed25519PublicKey, 32).address,
  keys: {
    "alice-ledger": keyOf(1, PrefixV2.Ed25519PublicKey, 32),
    "alice-next": keyOf(2, PrefixV2.Ed25519PublicKey, 32),
    "alice-tz4": keyOf(3, PrefixV2.BLS12_381PublicKey, 48),
    "alice-dal": keyOf(4, PrefixV2.BLS12_381PublicKey, 48),
  },
  sshPublicKeys: { home: homeKey, office: officeKey, pi: officeKey },
};
const changes = pages.map((page) => ({
  page,
  diffs: blocksOf(pathOf(page))
    .filter(({ language }) => language === "diff")
    .map(sidesOf),
}));

test("every config on the pages has no mistake, before its change and after it", () => {
  const sides = changes.flatMap(({ page, diffs }) =>
    diffs.flatMap(({ before, after }) => [[page, before] as const, [page, after] as const]),
  );
  assert.ok(sides.length > 5);
  for (const [page, yaml] of sides) {
    const { signers, bakers } = pageConfig(yaml, names);
    const problems = problemsAfter((config) => {
      config.signers = (signers ?? [{ name: "pi", sshPublicKey: homeKey, port: 8453 }]) as Tree[];
      config.bakers = bakers.map((baker) => ({ network: "mainnet", ...baker })) as Tree[];
    });
    assert.deepEqual(problems, [], page);
  }
});

test("each change of a page starts from what the one before has left", () => {
  for (const { page, diffs } of changes)
    for (const [i, { before }] of diffs.entries())
      if (i > 0) assert.deepEqual(pageConfig(before, names), pageConfig(diffs[i - 1]?.after ?? "", names), page);
});
