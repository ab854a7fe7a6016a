import { parseHostKey, parsePublicKey, SshKeyError } from "../keys/sshKey.ts";
import { bakerPorts, reservedPorts, sshPortOf } from "../names/ports.ts";
import { type KeyEntry, keyEntries, problemsOfBakers, writtenBakers } from "./bakerRules.ts";
import { type Problem, show } from "./configError.ts";
import { problemsOfEndpoint } from "./endpointRules.ts";
import { problemsOfObjectNames } from "./objectNames.ts";
import { problemsOfUplinks } from "./uplinkRules.ts";
import { type Entry, entriesOf } from "./writtenConfig.ts";

/**
 * Finds the problems that only show when fields are compared with each other.
 *
 * These are duplicate names, keys, ports and addresses, keys in two places, bakers that name no signer, and a host key
 * that differs from the pinned one. It takes the config as it was written, so that it reports them together with all
 * other problems.
 */
export function problemsAcross(input: Entry): Problem[] {
  const signers = entriesOf(input.signers);
  const bakers = writtenBakers(input);
  const keys = keyEntries(bakers);
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
    ...problemsOfUplinks(input),
    ...twice(bakers.map(({ path, baker }) => ({ path: `${path}.name`, value: baker.name }))),
    ...keys.flatMap((keysOfBaker) =>
      twice(keysOfBaker.map(({ name, path }) => ({ path: `${path}.name`, value: name }))),
    ),
    ...problemsOfBakers(input),
    ...problemsOfOrder(keys.flat(), names),
    ...problemsOfObjectNames(input),
    ...problemsOfForwarder(input),
    ...problemsOfEndpoint(input),
    ...problemsOfHostKeys(input),
    ...problemsOfSeeds(input),
    ...problemsOfAuthenticationKeys(input),
  ];
}

/**
 * Checks that the host key matches the fingerprint next to it, and that the next host key is a different one.
 *
 * The fingerprint is in the clear, so that a diff shows every change of the host key.
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

/** Checks that the next seed follows another one. */
function problemsOfSeeds({ authenticationSeed: seed, nextAuthenticationSeed: next }: Entry): Problem[] {
  if (next === undefined) return [];
  const path = "nextAuthenticationSeed";
  if (seed === undefined)
    return [{ path, found: "a seed", wanted: "none without an authenticationSeed, which the first one is" }];
  return next === seed ? [{ path, found: "the same seed", wanted: "another than authenticationSeed" }] : [];
}

/**
 * Checks that all bakers sign their requests, or none.
 *
 * A signer's host that knows one key of a baker signs no request without such a key's signature.
 */
function problemsOfAuthenticationKeys({ authenticationSeed: seed, outsideBakers }: Entry): Problem[] {
  const wanted =
    seed === undefined
      ? "no key without an authenticationSeed, by which the stack's bakers sign theirs"
      : "the public key with which it signs its requests, as the stack has an authenticationSeed";
  return entriesOf(outsideBakers).flatMap(({ authenticationKey: key }, i) =>
    (key === undefined) === (seed === undefined)
      ? []
      : [{ path: `outsideBakers[${i}].authenticationKey`, found: show(key), wanted }],
  );
}

/** A host key's fingerprint, or undefined for an invalid key, which is reported separately. */
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
    const inBaker = bakerPorts[port];
    if (inBaker) {
      problems.push({
        path,
        found: `${port}`,
        wanted: `a port that is free (${port} is used by ${inBaker} in a baker's pod)`,
      });
    } else if (clash) {
      const [used, , found] = clash;
      problems.push({ path, found, wanted: `a port that is free (${used} is used by ${taken.get(used)})` });
    } else for (const [used, use] of uses) taken.set(used, use);
  });
  return problems;
}

/**
 * Checks that each key names signers of the stack, and no signer twice.
 *
 * Keys with the same first signer must have the same list.
 */
function problemsOfOrder(keys: readonly KeyEntry[], names: unknown[]): Problem[] {
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
    // The gateway has one order for each signer's port, not one for each key.
    if (!listener || listener.order === found || problems.length > 0) return problems;
    const wanted = `${listener.order}, as for ${listener.path}: keys with the same first signer have the same signers in the same order`;
    return [{ path, found, wanted }];
  });
}

/** Checks that a stack has what its forwarder needs, unless it only makes a cluster. */
function problemsOfForwarder(input: Entry): Problem[] {
  const lists = [...entriesOf(input.signers), ...writtenBakers(input)];
  const given = [input.endpoint, input.forwarder, input.hostKey, input.hostKeyFingerprint, input.nextHostKey];
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

/** The type and body of a public key's line, however it is written. Undefined for an invalid key. */
function keyOf(line: unknown): unknown {
  try {
    return typeof line === "string" ? parsePublicKey(line).line : undefined;
  } catch (error) {
    if (!(error instanceof SshKeyError)) throw error;
    return undefined;
  }
}
