import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../local/machine/checkout.ts";
import { type Progress, stateFolder } from "../../local/machine/paths.ts";
import { run } from "../../local/machine/run.ts";
import { buildProgram } from "../../local/toolchain/go.ts";
import type { Background } from "../../testbed/background.ts";
import { startSaying, type Words } from "../base/programs.ts";

const source = join(root, "bench/traffic");
let program = "";

/** Builds the program that makes and measures the traffic, unless the same source has been built before. */
export async function ensureTraffic(progress: Progress): Promise<void> {
  const hash = createHash("sha256");
  for (const file of readdirSync(source).sort()) hash.update(file).update(readFileSync(join(source, file)));
  program = join(stateFolder, "bench", `traffic-${hash.digest("hex").slice(0, 12)}`);
  if (existsSync(program)) return;
  progress("building bench/traffic");
  await buildProgram("./bench/traffic", program, join(stateFolder, "tools"), progress);
}

/** How a signer of the bench answers requests to sign. */
export type SignerMode = "ok" | "stuck" | "flood" | "device";

/** The port on which a home's signer daemon listens. */
export const signerPort = 8442;

/** Starts a signer daemon. In the mode `device`, a signature takes `each` seconds. */
export function startSigner(place: Words, port = signerPort, mode: SignerMode = "ok", each = 0): Promise<Background> {
  const words = ["signer", "-listen", `127.0.0.1:${port}`, "-mode", mode, "-each", `${each}s`];
  return startSaying([...place, program, ...words], /listening/);
}

/** Starts a relay from one address to another, with a round trip of `rtt` milliseconds between them. */
export function startRelay(place: Words, listen: string, to: string, rtt: number): Promise<Background> {
  return startSaying([...place, program, "relay", "-listen", listen, "-to", to, "-rtt", `${rtt}ms`], /listening/);
}

/** Where bakers find a signer: the place that they run in, the address that they call, and the keys to sign with. */
export type SignerAddress = { readonly place: Words; readonly address: string; readonly keys: readonly string[] };

export type LoadOptions = {
  readonly what: "signature" | "post";
  readonly connections: number;
  /** Whether each request uses a new connection. */
  readonly fresh: boolean;
  readonly seconds: number;
  /** Seconds from one answer to the next request. */
  readonly pause?: number;
  /** The number of first requests on each connection that do not count. */
  readonly warm?: number;
  readonly timeout?: number;
};

/** The result of a load. Times are in milliseconds. With too few requests, p999 is null. */
export type LoadResult = {
  readonly count: number;
  readonly errors: number;
  readonly cause?: string;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number | null;
  readonly max: number;
};

/** Makes bakers send the next request as soon as they have an answer, or `pause` seconds later. */
export async function load(signerAddress: SignerAddress, options: LoadOptions): Promise<LoadResult> {
  const { what, connections, fresh, seconds, pause = 0, warm = 3, timeout = 10 } = options;
  const words = [
    ...["-what", what, `-fresh=${fresh}`, "-connections", String(connections), "-seconds", String(seconds)],
    ...["-pause", `${pause}s`, "-warm", String(warm), "-timeout", `${timeout}s`],
  ];
  const [enter = "", ...rest] = [...signerAddress.place, program, "load", ...target(signerAddress), ...words];
  return JSON.parse(await run(enter, rest)) as LoadResult;
}

/** Makes a baker ask with its first `count` keys at once, again and again, as Octez does when a block has come. */
export async function together(signerAddress: SignerAddress, count: number, seconds: number): Promise<LoadResult> {
  const keys = signerAddress.keys.slice(0, count);
  const words = ["together", ...target({ ...signerAddress, keys }), "-seconds", String(seconds)];
  const [enter = "", ...rest] = [...signerAddress.place, program, ...words];
  return JSON.parse(await run(enter, rest)) as LoadResult;
}

/** How bakers ask once a level with each key. */
export type LevelOptions = {
  readonly levels: number;
  /** Seconds from the start of one level to the start of the next. */
  readonly every: number;
  /** Whether the keys ask evenly spread over the level, and not at once. */
  readonly isSpread: boolean;
};

/** Makes bakers ask once a level with each key of some signers, which have as many keys each. */
export async function askLevels(
  signers: readonly SignerAddress[],
  { levels, every, isSpread }: LevelOptions,
): Promise<LoadResult> {
  const [{ place } = { place: [] }] = signers;
  const address = signers.map((signer) => signer.address).join(",");
  const keys = signers.flatMap((signer) => signer.keys);
  const words = ["-levels", String(levels), "-every", `${every}s`, `-spread=${isSpread}`];
  const [enter = "", ...rest] = [...place, program, "levels", ...target({ address, keys }), ...words];
  return JSON.parse(await run(enter, rest)) as LoadResult;
}

/** Makes a baker sign attestations with all keys of a signer, one after the other, as with a companion key. */
export async function attest(signerAddress: SignerAddress, seconds: number): Promise<LoadResult> {
  const words = ["attest", ...target(signerAddress), "-seconds", String(seconds)];
  const [enter = "", ...rest] = [...signerAddress.place, program, ...words];
  return JSON.parse(await run(enter, rest)) as LoadResult;
}

/** The outcome of a baker's votes. */
export type VoteResult = {
  readonly votes: number;
  readonly lost: number;
  readonly cause?: string;
  /** Seconds that the slowest signed vote took. */
  readonly slowest: number;
};

/** Makes a baker vote at a number of levels, with all its keys at once, as Octez does. */
export async function vote(
  { place, address }: SignerAddress,
  { keys, levels, every }: { keys: readonly string[]; levels: number; every: number },
): Promise<VoteResult> {
  const options = ["-keys", keys.join(","), "-levels", String(levels), "-every", `${every}s`];
  const [enter = "", ...rest] = [...place, program, "vote", "-to", address, ...options];
  return JSON.parse(await run(enter, rest)) as VoteResult;
}

/** The command of a baker that signs at a steady pace and prints a line for each signature. */
export function askWords(signerAddress: SignerAddress, every: number, seconds: number, timeout = 20): Words {
  const words = ["-every", `${every}s`, "-seconds", String(seconds), "-timeout", `${timeout}s`];
  return [...signerAddress.place, program, "ask", ...target(signerAddress), ...words];
}

/** The command that waits until an address accepts connections, and prints that time. */
export function awaitWords(place: Words, address: string): Words {
  return [...place, program, "await", "-to", address];
}

function target({ address, keys }: Pick<SignerAddress, "address" | "keys">): string[] {
  return ["-to", address, "-keys", keys.join(",")];
}

/**
 * Waits until signatures come through a `signerAddress`, each on the first try.
 * `rtt` is the link's round trip in milliseconds; the time-out of a request allows for it.
 */
export async function opened(what: string, signerAddress: SignerAddress, rtt = 0, seconds = 30): Promise<void> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const options = {
      what: "signature",
      connections: 1,
      fresh: true,
      seconds: 0.3,
      warm: 0,
      timeout: 3 + (4 * rtt) / 1000,
    } as const;
    const { count, errors, cause } = await load(signerAddress, options);
    if (count > 0 && errors === 0) return;
    if (Date.now() > end) throw new Error(`${what}: found no signature within ${seconds} s, but ${cause ?? "silence"}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
