import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { startDaemon } from "../signer-host/dev/daemon.ts";
import { readTezosKeys } from "../signer-host/dev/keys.ts";
import { readPayload } from "../signer-host/dev/payload.ts";
import { Signing } from "../signer-host/dev/signing.ts";
import { WatermarkStore } from "../signer-host/dev/watermarkStore.ts";

/**
 * For tests: a signer daemon that writes down each signature that it makes, and each request that it refuses, as a line
 * of JSON. Its arguments are the folder with its keys, the folder for its watermarks, its port, and the milliseconds
 * that a signature takes.
 */
const [keyFolder = "", state = "", port, milliseconds] = process.argv.slice(2);
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

mkdirSync(state, { recursive: true });
const keys = await readTezosKeys(keyFolder);
const recording = [...keys].map(([address, key]) => {
  const sign = async (bytes: Uint8Array, version?: number): Promise<string> => {
    await sleep(Number(milliseconds));
    const { kind, level, round } = readPayload(bytes, key.isBls);
    say({ address, kind, level, round, digest: createHash("sha256").update(bytes).digest("hex") });
    return key.sign(bytes, version);
  };
  return [address, { ...key, sign }] as const;
});
const refused = (message: string): void => say({ refused: message });
await startDaemon(new Signing(new Map(recording), new WatermarkStore(state), { onRefused: refused }), Number(port));
say({ listening: true });
