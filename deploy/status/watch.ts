import { answersOf, type ForwarderPod } from "../cluster/forwarderPod.ts";
import { addUp, parseExposition, type Sample, sampleValue } from "../observe/exposition.ts";
import { type HostPage, readHostPage } from "../observe/hostPage.ts";
import { type SignerStatus, signersIn, statusOf } from "./signerStatus.ts";

/** How often a host is asked for its page, which costs several KiB of an uplink that may be metered. */
const hostEveryMs = 60_000;

async function metricsOf(pod: ForwarderPod): Promise<Sample[]> {
  const { status, text } = await pod.page("/metrics");
  if (status !== 200) throw new Error(`the forwarder's metrics: found status ${status}, wanted 200`);
  return parseExposition(text);
}

/** Looks at the signers of a stack, again and again. */
export class Watch {
  readonly #pods: readonly ForwarderPod[];
  readonly #pages = new Map<string, { readonly page: HostPage; readonly at: number }>();

  /** `pods` are the forwarder's, one for each replica. */
  constructor(pods: readonly ForwarderPod[]) {
    this.#pods = pods;
  }

  /** The state of each signer. Throws if no replica of the forwarder has an answer. */
  async look(): Promise<SignerStatus[]> {
    const pages = (await answersOf(this.#pods.map(metricsOf))).map((page) => page ?? []);
    const metrics = addUp(pages);
    const signers = signersIn(metrics);
    const now = Date.now();
    return Promise.all(
      signers.map(async (signer) => {
        const tunnels = pages.map((page) => sampleValue(page, "signer_tunnel_up", { signer }) === 1);
        const pod = this.#pods[tunnels.indexOf(true)];
        const status = statusOf(signer, metrics, pod && (await this.#host(pod, signer, now)), now);
        const replicas = { up: tunnels.filter(Boolean).length, all: tunnels.length };
        return tunnels.length > 1 ? { ...status, tunnel: { ...status.tunnel, replicas } } : status;
      }),
    );
  }

  async #host(pod: ForwarderPod, signer: string, now: number): Promise<HostPage> {
    const known = this.#pages.get(signer);
    if (known && now - known.at < hostEveryMs) return known.page;
    const page = await pod
      .page(`/signers/${signer}/healthz`)
      .then(readHostPage, (error: Error) => ({ missing: error.message }));
    this.#pages.set(signer, { page, at: now });
    return page;
  }
}
