import { getPkhfromPk, isValidPrefixedValue, PrefixV2 } from "@taquito/utils";
import type { Options } from "../infra/octez/options.ts";
import { publicKeyOf, signLocally } from "./authentication.ts";
import type { Role } from "./delegateKeys.ts";
import { isProof, type KeyOperation, operationBytes } from "./keyOperation.ts";
import { Refusal } from "./octezError.ts";
import { type Check, type Checks, parseOptions } from "./parsedOptions.ts";
import { askPublicKey, provePossession, sign } from "./remoteSigner.ts";
import { addKey, type Known, readKnown, readLocalKeys, readWallet } from "./wallet.ts";

// As src/lib_client_commands/client_keys_commands.ml and
// src/proto_025_PsUshuai/lib_client_commands/client_proto_context_commands.ml, v25.1.

type Places = { readonly baseDir: string; readonly endpoint: string };
type Given = Readonly<Record<string, readonly string[]>>;
type Command = (words: readonly string[], places: Places, given: Given) => Promise<void> | void;

const options: Options = {
  force: { short: "f" },
  "consensus-key-pop": { value: true },
  "companion-key-pop": { value: true },
};

const isBlsSignature = (text: string) => isValidPrefixedValue(text, [PrefixV2.BLS12_381Signature]);
const proofCheck: Check = (text) => (isBlsSignature(text) ? undefined : "The provided proof is not a BLS signature");
const checks: Checks = { "consensus-key-pop": proofCheck, "companion-key-pop": proofCheck };

/** By its words, of which those in capitals are the user's. */
const commands: Readonly<Record<string, Command>> = {
  "import public key NAME URI": ([alias = "", uri = ""], { baseDir }, { force }) => {
    const [, publicKey] = /^unencrypted:(.*)$/.exec(uri) ?? [];
    if (publicKey === undefined || !isPublicKey(publicKey))
      throw new Refusal("No matching plugin for the scheme of the key");
    const address = getPkhfromPk(publicKey);
    addKey(baseDir, { alias, address, locator: uri, publicKey }, force !== undefined);
    console.log(`Tezos address added: ${address}`);
  },
  "import secret key NAME URI": async ([alias = "", uri = ""], { baseDir }, { force }) => {
    const [, local] = /^unencrypted:(.*)$/.exec(uri) ?? [];
    const [, signerUrl = "", name = ""] = /^(http:.*)\/(tz\w+)$/.exec(uri) ?? [];
    if (local === undefined && name === "") throw new Refusal("No matching plugin for the scheme of the key");
    const publicKey =
      local === undefined ? await askPublicKey(signerUrl, name) : publicKeyOf({ alias, secretKey: local });
    const address = getPkhfromPk(publicKey);
    const locator = local === undefined ? uri : `unencrypted:${publicKey}`;
    addKey(baseDir, { alias, address, locator, publicKey, secretKey: uri }, force !== undefined);
    console.log(`Tezos address added: ${address}`);
  },
  "list known addresses": (_words, { baseDir }) => {
    for (const { alias, address, key, scheme } of readKnown(baseDir))
      console.log(`${alias}: ${address}${scheme ? ` (${scheme} sk known)` : key ? " (pk known)" : ""}`);
  },
  "check bls proof PROOF for KEY": ([proof = "", key = ""]) => {
    if (!isBlsSignature(proof)) throw new Error("Failed to read a BLS signature");
    if (!key.startsWith("BLpk")) throw new Error("Failed to read a BLS public key");
    if (!isProof(key, proof)) throw new Error("Invalid proof");
    console.log("Proof check is successful.");
  },
  "rpc get PATH": async ([path = ""], { endpoint }) => {
    console.log(JSON.stringify(await ask(endpoint, path), null, 2));
  },
  "register key DELEGATE as delegate with consensus key KEY": ([delegate = "", key = ""], places, given) =>
    setKey({ delegate, key, role: "consensus", registers: true }, places, given),
  "set consensus key for DELEGATE to KEY": ([delegate = "", key = ""], places, given) =>
    setKey({ delegate, key, role: "consensus" }, places, given),
  "set companion key for DELEGATE to KEY": ([delegate = "", key = ""], places, given) =>
    setKey({ delegate, key, role: "companion" }, places, given),
};

/** Runs the command that these words are. */
export async function runCommand(args: readonly string[], places: Places): Promise<void> {
  const { values, rest } = parseOptions(args, options, checks, "clic");
  for (const [pattern, run] of Object.entries(commands)) {
    const wanted = pattern.split(" ");
    const isParameter = (word: string | undefined) => /^[A-Z]+$/.test(word ?? "");
    if (wanted.length !== rest.length || !wanted.every((word, at) => isParameter(word) || word === rest[at])) continue;
    return run(
      rest.filter((_word, at) => isParameter(wanted[at])),
      places,
      values,
    );
  }
  throw new Refusal(`Unrecognized command: ${rest.join(" ")}`);
}

function isPublicKey(text: string): boolean {
  return /^(edpk|sppk|p2pk|BLpk)\w+$/.test(text);
}

type KeyChange = {
  readonly delegate: string;
  readonly key: string;
  readonly role: Role;
  readonly registers?: true;
};

async function setKey(change: KeyChange, { baseDir, endpoint }: Places, given: Given): Promise<void> {
  const known = readKnown(baseDir);
  const address = known.find(({ alias }) => alias === change.delegate)?.address ?? change.delegate;
  const delegate = known.find(
    (each) => each.address === address && each.key !== undefined && each.scheme !== undefined,
  );
  if (delegate?.key === undefined) throw new Error(`Unknown secret key for ${address}`);
  const publicKey = known.find(({ alias }) => alias === change.key)?.key ?? change.key;
  if (!isPublicKey(publicKey)) throw new Error(`no public key alias named ${change.key}`);
  const proof = given[`${change.role}-key-pop`]?.[0] ?? (await proofOf(publicKey, known, baseDir));
  const operation: KeyOperation = {
    ...{ delegate: delegate.key, role: change.role, publicKey },
    ...(change.registers && { registers: true }),
    ...(proof !== undefined && { proof }),
  };
  const signature = await signWith(delegate.alias, baseDir, operationBytes(operation));
  const body = Buffer.from(JSON.stringify({ operation, signature })).toString("hex");
  const hash = await ask(endpoint, "/injection/operation?chain=main", body);
  console.log(`Operation successfully injected in the node.\nOperation hash is '${hash}'`);
}

/** A tz4 proves that its secret half is there. Its signer is asked. */
async function proofOf(publicKey: string, known: readonly Known[], baseDir: string): Promise<string | undefined> {
  if (!publicKey.startsWith("BLpk")) return undefined;
  const { alias } = known.find(({ key, scheme }) => key === publicKey && scheme !== undefined) ?? {};
  if (alias === undefined) throw new Error(`Unknown secret key for ${getPkhfromPk(publicKey)}`);
  return provePossession(walletKey(baseDir, alias));
}

async function signWith(alias: string, baseDir: string, bytes: Buffer): Promise<string> {
  const localKeys = readLocalKeys(baseDir);
  const local = localKeys.find((key) => key.alias === alias);
  return local ? signLocally(local, bytes) : sign(walletKey(baseDir, alias), bytes, localKeys);
}

function walletKey(baseDir: string, alias: string) {
  const [key] = readWallet(baseDir, [alias]);
  if (key === undefined) throw new Error(`no public key hash alias named ${alias}`);
  return key;
}

async function ask(endpoint: string, path: string, body?: string): Promise<unknown> {
  const post = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(endpoint + path, body === undefined ? {} : post);
  const answer = (await response.json()) as unknown;
  if (response.status === 404) throw new Error(`Did not find service: ${endpoint}${path}`);
  if (!response.ok) {
    const [{ msg } = { msg: JSON.stringify(answer) }] = Array.isArray(answer) ? answer : [];
    throw new Error(msg);
  }
  return answer;
}
