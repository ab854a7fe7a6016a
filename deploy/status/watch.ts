import type { ForwarderPod } from "../cluster/forwarderPod.ts";
import { parseExposition } from "../observe/exposition.ts";
import { type HostPage, readHostPage } from "../observe/hostPage.ts";
import { type SignerStatus, signersIn, statusOf } from "./signerStatus.ts";

/** How often a host is asked for its page, which costs several KiB of an uplink that may be metered. */
const hostEveryMs = 60_000;

/** Looks at the signers of a stack, again and again. */
export class Watch {
  readonly #pod: ForwarderPod;
  readonly #pages = new Map<string, { readonly page: HostPage; readonly at: number }>();

  constructor(pod: ForwarderPod) {
    this.#pod = pod;
  }

  /** The state of each signer. Throws if the forwarder has no answer. */
  async look(): Promise<SignerStatus[]> {
    const { status, text } = await this.#pod.page("/metrics");
    if (status !== 200) throw new Error(`the forwarder's metrics: found status ${status}, wanted 200`);
    const metrics = parseExposition(text);
    const signers = signersIn(metrics);
    const now = Date.now();
    return Promise.all(
      signers.map(async (signer) => {
        const isUp = metrics.some(
          ({ name, labels, value }) => name === "signer_tunnel_up" && labels.signer === signer && value === 1,
        );
        return statusOf(signer, metrics, isUp ? await this.#host(signer, now) : undefined, now);
      }),
    );
  }

  async #host(signer: string, now: number): Promise<HostPage> {
    const known = this.#pages.get(signer);
    if (known && now - known.at < hostEveryMs) return known.page;
    const page = await this.#pod
      .page(`/signers/${signer}/healthz`)
      .then(readHostPage, (error: Error) => ({ missing: error.message }));
    this.#pages.set(signer, { page, at: now });
    return page;
  }
}
