import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startDaemon } from "../signer-host/dev/daemon.ts";
import { readTezosKeys } from "../signer-host/dev/keys.ts";
import { readPayload } from "../signer-host/dev/payload.ts";
import { Refusal } from "../signer-host/dev/refusal.ts";
import { Signing } from "../signer-host/dev/signing.ts";
import { WatermarkStore } from "../signer-host/dev/watermarkStore.ts";

/**
 * For tests: a signer daemon that writes down each signature that it makes, and each request that it refuses, as a line
 * of JSON. Its arguments are the folder with its keys, the folder for its watermarks, its port, and the milliseconds
 * that a signature takes. While the folder of its watermarks has a file `locked`, it refuses to sign in the words of that
 * file.
 */
const [keyFolder = "", state = "", port, milliseconds] = process.argv.slice(2);
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

/** What it refuses with, unless it is unlocked. */
function lockedWords(): string | undefined {
  try {
    return readFileSync(join(state, "locked"), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

mkdirSync(state, { recursive: true });
const keys = await readTezosKeys(keyFolder);
const recording = [...keys].map(([address, key]) => {
  const sign = async (bytes: Uint8Array, version?: number): Promise<string> => {
    await sleep(Number(milliseconds));
    const words = lockedWords();
    if (words !== undefined) throw new Refusal(words);
    const { kind, chainId: chain, level, round } = readPayload(bytes, key.isBls);
    say({ address, chain, kind, level, round, digest: createHash("sha256").update(bytes).digest("hex") });
    return key.sign(bytes, version);
  };
  return [address, { ...key, sign }] as const;
});
const refused = (message: string): void => say({ refused: message });
await startDaemon(new Signing(new Map(recording), new WatermarkStore(state), { onRefused: refused }), Number(port));
say({ listening: true });
