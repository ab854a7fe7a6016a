import { parseHostKey, parsePublicKey, SshKeyError } from "../keys/sshKey.ts";
import { reservedPorts, sshPortOf } from "../names/ports.ts";
import { type Problem, show } from "./configError.ts";
import { problemsOfEndpoint } from "./endpointRules.ts";
import { problemsOfObjectNames } from "./objectNames.ts";

type Entry = Record<string, unknown>;

/**
 * What only shows when fields are held against each other: names, keys, ports and addresses given twice, bakers
 * that name no signer, and a host key that is not the one that the config pins.
 *
 * Takes the config as it was written, so that it finds these next to whatever else is wrong in it.
 */
export function problemsAcross(input: Entry): Problem[] {
  const signers = entries(input.signers);
  const bakers = entries(input.bakers);
  const keys = bakers.flatMap((baker, i) =>
    entries(baker.keys).map((key, j) => ({ ...key, path: `bakers[${i}].keys[${j}]` }) as Entry & { path: string }),
  );
  const names = signers.map((signer) => signer.name);
  return [
    ...twice(signers.map((signer, i) => ({ path: `signers[${i}].name`, value: signer.name }))),
    ...twice(
      signers.flatMap((signer, i) =>
        ["sshPublicKey", "nextSshPublicKey"].map((key) => ({
          path: `signers[${i}].${key}`,
          value: keyOf(signer[key]),
        })),
      ),
      "the same key",
    ),
    ...problemsOfPorts(signers),
    ...twice(bakers.map((baker, i) => ({ path: `bakers[${i}].name`, value: baker.name }))),
    ...bakers.flatMap((baker, i) =>
      twice(entries(baker.keys).map((key, j) => ({ path: `bakers[${i}].keys[${j}].name`, value: key.name }))),
    ),
    // Two places that sign with one key sign twice, and a double signature costs the stake.
    ...twice(keys.map((key) => ({ path: `${key.path}.address`, value: key.address }))),
    ...problemsOfOrder(keys, names),
    ...problemsOfObjectNames(input),
    ...problemsOfForwarder(input),
    ...problemsOfEndpoint(input),
    ...problemsOfHostKeys(input),
  ];
}

/**
 * The host key is the one whose fingerprint stands next to it in the clear, so that it can't change without a word in a
 * diff; and the next one is another.
 */
function problemsOfHostKeys({ hostKey, hostKeyFingerprint: pin, nextHostKey }: Entry): Problem[] {
  const current = fingerprintOf(hostKey);
  const next = fingerprintOf(nextHostKey);
  if (current === undefined) return [];
  const problems: Problem[] = [];
  if ((pin === undefined || typeof pin === "string") && pin !== current) {
    const wanted = `${show(current)}, the fingerprint of hostKey`;
    problems.push({ path: "hostKeyFingerprint", found: show(pin || undefined), wanted });
  }
  if (next === current) problems.push({ path: "nextHostKey", found: "the same key", wanted: "another than hostKey" });
  return problems;
}

/** A host key's fingerprint, or undefined for what can't be one, which is a problem of its own. */
function fingerprintOf(hostKey: unknown): string | undefined {
  try {
    return typeof hostKey === "string" ? parseHostKey(hostKey).fingerprint : undefined;
  } catch (error) {
    if (!(error instanceof SshKeyError)) throw error;
    return undefined;
  }
}

function problemsOfPorts(signers: Entry[]): Problem[] {
  const taken = new Map<number, string>(Object.entries(reservedPorts).map(([port, by]) => [Number(port), by]));
  const problems: Problem[] = [];
  signers.forEach(({ port }, i) => {
    if (typeof port !== "number") return;
    const path = `signers[${i}].port`;
    const uses: [number, string, string][] = [
      [port, path, `${port}`],
      [sshPortOf(port), `${path} for its ssh`, `${port}, whose ssh port is ${sshPortOf(port)}`],
    ];
    const clash = uses.find(([used]) => taken.has(used));
    if (clash) {
      const [used, , found] = clash;
      problems.push({ path, found, wanted: `a port that is free (${used} is used by ${taken.get(used)})` });
    } else for (const [used, use] of uses) taken.set(used, use);
  });
  return problems;
}

/** Each key's signers are the stack's, each once; and those of keys that are asked for at one listener are the same. */
function problemsOfOrder(keys: (Entry & { path: string })[], names: unknown[]): Problem[] {
  const listeners = new Map<string, { path: string; order: string }>();
  return keys.flatMap(({ signer, path: keyPath }) => {
    const path = `${keyPath}.signer`;
    const several = Array.isArray(signer);
    const order = (several ? signer : [signer]).filter((name) => typeof name === "string" && name !== "");
    const places = order.map((value, i) => ({ path: several ? `${path}[${i}]` : path, value }));
    const problems = [
      ...places
        .filter(({ value }) => !names.includes(value))
        .map(({ path, value }) => ({
          path,
          found: show(value),
          wanted: `one of the stack's signers: ${names.map(show).join(", ") || "there is none"}`,
        })),
      ...twice(places),
    ];
    const listener = listeners.get(order[0] ?? "");
    const found = order.map(show).join(", ");
    if (order[0] !== undefined && !listener) listeners.set(order[0], { path, order: found });
    // The gateway knows one order for a listener, not one for each key.
    if (!listener || listener.order === found || problems.length > 0) return problems;
    const wanted = `${listener.order}, as for ${listener.path}: keys with the same first signer have the same signers in the same order`;
    return [{ path, found, wanted }];
  });
}

/** A stack that only makes a cluster has none of these; any other has what its forwarder needs. */
function problemsOfForwarder(input: Entry): Problem[] {
  const lists = [...entries(input.signers), ...entries(input.bakers)];
  const given = [input.endpoint, input.hostKey, input.hostKeyFingerprint, input.nextHostKey];
  if (lists.length === 0 && given.every((value) => value === undefined)) return [];
  const missing = (path: string, wanted: string) =>
    input[path] === undefined ? [{ path, found: "nothing", wanted }] : [];
  return [
    ...missing("hostKey", "an ssh private key, as a secret: signers know their forwarder by it"),
    ...missing("endpoint", "what signers dial, an object with the keys of the config reference"),
  ];
}

function twice(places: { path: string; value: unknown }[], shown?: string): Problem[] {
  const first = new Map<unknown, string>();
  const problems: Problem[] = [];
  for (const { path, value } of places) {
    if (typeof value !== "string" || value === "") continue;
    const before = first.get(value);
    if (before) problems.push({ path, found: shown ?? show(value), wanted: `another than that of ${before}` });
    else first.set(value, path);
  }
  return problems;
}

/** The part of a public key's line that makes it that key, however it is written; nothing of what is no key. */
function keyOf(line: unknown): unknown {
  try {
    return typeof line === "string" ? parsePublicKey(line).line : undefined;
  } catch (error) {
    if (!(error instanceof SshKeyError)) throw error;
    return undefined;
  }
}

function entries(value: unknown): Entry[] {
  return Array.isArray(value) ? value.map((entry) => (entry !== null && typeof entry === "object" ? entry : {})) : [];
}
