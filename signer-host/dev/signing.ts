import type { Authorization } from "./authorization.ts";
import type { TezosKey } from "./keys.ts";
import { kindOf, type Payload, readPayload } from "./payload.ts";
import { OcamlException, outOfBounds, Refusal } from "./refusal.ts";
import type { WatermarkStore } from "./watermarkStore.ts";

/** A signature that was handed out. `milliseconds` is the time from the complete request to the signature on disk. */
export type Signed = Payload & {
  readonly milliseconds: number;
};

/** The query of a request for a signature. */
export type SignQuery = {
  /** The requested signature version, 0 to 3. */
  readonly version?: number | undefined;
  /** A signature of the request by a key that is authorized. */
  readonly authentication?: string | undefined;
};

/** Callbacks that report a signer daemon's work to its owner. */
export type SigningEvents = {
  onSigned?(signed: Signed): void;
  onRefused?(message: string): void;
};

/**
 * The signer without HTTP. It takes the steps of octez-signer's `Handler.sign` in the same order, as that runs with
 * `--check-high-watermark --magic-bytes 0x11,0x12,0x13`, and with an authorization also with `--require-authentication`.
 */
export class Signing {
  readonly keys: ReadonlyMap<string, TezosKey>;
  /** Whose requests are signed. Undefined: everybody's. */
  readonly authorization: Authorization | undefined;
  readonly #watermarks: WatermarkStore;
  readonly #events: SigningEvents;

  constructor(
    keys: ReadonlyMap<string, TezosKey>,
    watermarks: WatermarkStore,
    events: SigningEvents = {},
    authorization?: Authorization,
  ) {
    this.keys = keys;
    this.authorization = authorization;
    this.#watermarks = watermarks;
    this.#events = events;
  }

  /**
   * Signs for an address. Throws a Refusal, an Error if the disk fails, an OcamlException, or the signal's reason once
   * it is aborted. After an abort, there is no signature and no mark.
   */
  async sign(
    address: string,
    { authentication, version }: SignQuery,
    bytes: Uint8Array,
    signal?: AbortSignal,
  ): Promise<string> {
    const start = performance.now();
    try {
      // octez-signer logs the first byte before it checks anything.
      if (bytes.length === 0) throw new OcamlException(outOfBounds);
      const key = this.keys.get(address);
      if (key === undefined) {
        throw new Refusal(`no keys for the source contract ${address}`);
      }
      kindOf(bytes);
      this.authorization?.check(address, bytes, authentication);
      const payload = readPayload(bytes, key.isBls);
      if (key.isBls && version === 0) {
        throw new Refusal(`found signature version 0, wanted 1, 2 or 3 for the BLS key ${address}`);
      }
      const sign = () => key.sign(bytes, version);
      const signature = await this.#watermarks.signature(address, payload, bytes, sign, signal);
      this.#events.onSigned?.({ ...payload, milliseconds: performance.now() - start });
      return signature;
    } catch (error) {
      this.#events.onRefused?.((error as Error).message);
      throw error;
    }
  }
}
