import { setTimeout as sleep } from "node:timers/promises";
import { podAddress } from "../../testbed/gatewayClient.ts";
import { Gateway } from "../../testbed/gatewayRig.ts";
import type { OpenSsh } from "../base/openssh.ts";
import { median, rounded } from "../base/statistics.ts";
import { home as homePlace } from "../rig/networks.ts";
import { addressesOf, type BenchSigner } from "../rig/signers.ts";
import { type Dial, Tunnel } from "../rig/sshTunnel.ts";
import { askLevels, type LoadResult, type SignerAddress, startSigner } from "../rig/traffic.ts";
import type { Forwarder } from "../servers/forwarder.ts";

/** How long a signature takes with as many keys at one signer, or at one signer each. Times are in milliseconds. */
export type ManySignersRow = {
  /** What the requests pass: the gateway alone, or all of the way. */
  readonly way: string;
  readonly signers: number;
  readonly keys: number;
  /** Whether the keys ask evenly spread over a level, and not at once. */
  readonly isSpread: boolean;
  readonly p50: number;
  readonly p99: number;
  readonly count: number;
  readonly errors: number;
};

/** A way from bakers to some signers, of which no others are connected. */
export type ManyWay = {
  readonly name: string;
  open(signers: readonly BenchSigner[]): Promise<{ readonly addresses: SignerAddress[]; close(): Promise<unknown> }>;
};

/** The gateway's program with nothing in front of it, and a signer's daemon in the place of each tunnel's end. */
export const gatewayAlone: ManyWay = {
  name: "the gateway alone",
  async open(signers) {
    const daemons = await Promise.all(signers.map(({ port }) => startSigner([], port)));
    const gateway = new Gateway();
    await gateway.start(signers.map((signer) => ({ ...nameAndPort(signer), keys: addressesOf(signer) })));
    return {
      addresses: signers.map((signer) => ({
        ...{ place: [], address: `${podAddress}:${signer.port}`, keys: addressesOf(signer) },
      })),
      close: () => Promise.all([gateway.stop(), ...daemons.map((daemon) => daemon.stop())]),
    };
  },
};

/** All of the way: the Service, the forwarder, its sshd, and a stock client of each signer. */
export function wholeWay(forwarder: Forwarder, ssh: OpenSsh, server: Dial["server"]): ManyWay {
  return {
    name: "the whole way",
    async open(signers) {
      const tunnels = signers.map((signer) => new Tunnel({ ...signer, ssh, place: homePlace, server }));
      await Promise.all(tunnels.map((tunnel) => tunnel.connected(90)));
      const addresses: SignerAddress[] = [];
      for (const signer of signers) addresses.push(await forwarder.signerAddress(signer));
      return { addresses, close: () => Promise.all(tunnels.map((tunnel) => tunnel.close())) };
    },
  };
}

/** Compares one connected signer that has as many keys as there are signers with all signers, with one key each. */
export async function measureManySigners(
  ways: readonly ManyWay[],
  one: BenchSigner,
  many: readonly BenchSigner[],
  { repetitions, levels }: { repetitions: number; levels: number },
  progress: (line: string) => void,
): Promise<ManySignersRow[]> {
  const keys = many.length;
  const measured = new Map<string, { row: Pick<ManySignersRow, "way" | "signers" | "isSpread">; each: LoadResult[] }>();
  for (let n = 0; n < repetitions; n++) {
    for (const way of ways) {
      for (const signers of [[{ ...one, keys: one.keys.slice(0, keys) }], many]) {
        progress(`bakers: ${keys} keys at ${signers.length} signers, ${way.name}, ${n + 1} of ${repetitions}`);
        const { addresses, close } = await way.open(signers);
        try {
          // The gateway has checked each signer by then.
          await sleep(3000);
          for (const isSpread of [false, true]) {
            const row = { way: way.name, signers: signers.length, isSpread };
            const name = JSON.stringify(row);
            const { each } = measured.get(name) ?? { each: [] };
            measured.set(name, { row, each: [...each, await askLevels(addresses, { levels, every: 0.3, isSpread })] });
          }
        } finally {
          await close();
        }
      }
    }
  }
  return [...measured.values()].map(({ row, each }) => ({
    ...row,
    keys,
    p50: rounded(median(each.map(({ p50 }) => p50))),
    p99: rounded(median(each.map(({ p99 }) => p99))),
    count: each.reduce((sum, { count }) => sum + count, 0),
    errors: each.reduce((sum, { errors }) => sum + errors, 0),
  }));
}

function nameAndPort({ name, port }: BenchSigner) {
  return { name, port };
}
