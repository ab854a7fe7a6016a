import { run } from "../local/machine/run.ts";
import { inside, router, uplinkOf } from "../testbed/network.ts";

/** One way of a home's packets through the router of testbed/network.ts. */
export class Uplink {
  /** The address in the home whose packets go this way. */
  readonly address: string;
  readonly #link: string;

  /** `index` is the home's place among those that the network was made with, `uplink` the uplink's in the home. */
  constructor(index: number, uplink: number) {
    const { address, far } = uplinkOf(index, uplink);
    this.address = address;
    this.#link = far;
  }

  /** Drops all packets of both directions, and tells nobody. Returns what ends that. */
  cut(): Promise<() => Promise<void>> {
    return this.#drop([]);
  }

  /** Drops a share of the packets of both directions. Returns what ends that. */
  lose(share: number): Promise<() => Promise<void>> {
    return this.#drop(["-m", "statistic", "--mode", "random", "--probability", String(share)]);
  }

  async #drop(match: readonly string[]): Promise<() => Promise<void>> {
    const rules = ["-i", "-o"].map((direction) => ["FORWARD", direction, this.#link, ...match, "-j", "DROP"]);
    const iptables = async (does: string): Promise<void> => {
      const [enter, ...words] = inside(router) as [string, ...string[]];
      for (const rule of rules) await run(enter, [...words, "iptables", "--wait", does, ...rule]);
    };
    await iptables("-I");
    return () => iptables("-D");
  }
}
