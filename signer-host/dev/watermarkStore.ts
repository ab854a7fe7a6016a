import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  b58DecodeAndCheckPrefix,
  encodeExpr,
  PrefixV2,
  ValidationResult,
  validateChain,
  validateKeyHash,
} from "@taquito/utils";
import * as z from "zod";
import { readJson } from "../../local/machine/json.ts";
import type { Kind, Payload } from "./payload.ts";
import { checkMark, type Mark, markSchema } from "./watermark.ts";

/** A watermark file that cannot be trusted. The signer must not start: a forgotten mark is a double signature. */
class WatermarkFileError extends Error {
  override readonly name = "WatermarkFileError";
}

/** Marks by chain id (`Net…`), then by address. The files hold exactly this, as octez-signer's do. */
const marksSchema = z.record(
  z.string().refine((text) => validateChain(text) === ValidationResult.VALID, "wanted a chain id, Net…"),
  z.record(
    z.string().refine((text) => validateKeyHash(text) === ValidationResult.VALID, "wanted an address, tz1 to tz4"),
    markSchema,
  ),
);

type Marks = z.infer<typeof marksSchema>;

/**
 * The high watermarks of one signer host, in the files that octez-signer (from version 23 on) keeps in its base folder:
 * `block_high_watermarks`, `preattestation_high_watermarks` and `attestation_high_watermarks`. A mark is synced to the
 * disk before its signature is handed out. Not safe for two processes on one folder: the caller must hold a lock.
 */
export class WatermarkStore {
  readonly #folder: string;
  readonly #marks: Readonly<Record<Kind, Marks>>;
  #last: Promise<unknown> = Promise.resolve();

  /** Reads the files of a folder. A missing file counts as empty. Throws a WatermarkFileError for an invalid file. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#marks = {
      block: read(fileOf(folder, "block")),
      preattestation: read(fileOf(folder, "preattestation")),
      attestation: read(fileOf(folder, "attestation")),
    };
  }

  /**
   * Returns the signature of these bytes: the recorded one, or a new one from `sign` once it is recorded. Requests are
   * served one at a time, whatever the key, in the order of the calls. Throws a Refusal for bytes that are not above
   * the mark, and an Error if the disk fails. Once the signal is aborted, it throws the signal's reason, records
   * nothing and does not wait for `sign`.
   */
  signature(
    address: string,
    payload: Payload,
    bytes: Uint8Array,
    sign: () => Promise<string>,
    signal?: AbortSignal,
  ): Promise<string> {
    const turn = this.#last.then(async () => {
      signal?.throwIfAborted();
      const hash = blake2b256(bytes);
      const known = checkMark(this.#marks[payload.kind][payload.chainId]?.[address], payload, hash);
      if (known !== undefined) {
        return known;
      }
      const signature = await unlessAborted(sign(), signal);
      this.#record(payload, address, { level: payload.level, round: payload.round, hash, signature });
      return signature;
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  #record({ kind, chainId }: Payload, address: string, mark: Mark): void {
    const marks = this.#marks[kind];
    const next = { ...marks, [chainId]: { ...marks[chainId], [address]: mark } };
    writeDurably(this.#folder, fileOf(this.#folder, kind), `${JSON.stringify(next, null, 2)}\n`);
    marks[chainId] = next[chainId] ?? {};
  }
}

/** Settles as the promise does, or rejects with the signal's reason, whichever comes first. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal?.removeEventListener("abort", abort));
  });
}

function fileOf(folder: string, kind: Kind): string {
  return join(folder, `${kind}_high_watermarks`);
}

function read(file: string): Marks {
  if (!existsSync(file)) {
    return {};
  }
  const advice =
    "restore the right content, or look up the chain's level and raise the marks by hand; never just delete the file";
  try {
    return marksSchema.parse(readJson(readFileSync(file, "utf8"), "text"));
  } catch (error) {
    const found = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new WatermarkFileError(
      `${file}: found ${found}, wanted high watermarks as octez-signer writes them; ${advice}`,
    );
  }
}

/** Replaces a file so that after a crash at any moment the disk has either the old or the new content. */
function writeDurably(folder: string, file: string, content: string): void {
  const temporary = `${file}.tmp`;
  writeFileSync(temporary, content, { mode: 0o600, flush: true });
  renameSync(temporary, file);
  const directory = openSync(folder, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** The hash in hex. Taquito makes the name of an expression with BLAKE2b-256, so that name, decoded, is the hash. */
function blake2b256(bytes: Uint8Array): string {
  const name = encodeExpr(Buffer.from(bytes).toString("hex"));
  return Buffer.from(b58DecodeAndCheckPrefix(name, [PrefixV2.ScriptExpr], true)).toString("hex");
}
