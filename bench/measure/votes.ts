import { type KeyPair, makeKeyPair } from "../base/openssh.ts";
import { Link } from "../rig/link.ts";
import { home } from "../rig/networks.ts";
import { type BenchSigner, makeTezosKey } from "../rig/signers.ts";
import { signerPort, startSigner, type VoteResult, vote } from "../rig/traffic.ts";
import type { Open, Variant } from "../variants/variant.ts";

/** A slow signer: its number of keys, its device's seconds for each signature, and its round trip in milliseconds. */
type SlowSigner = { readonly what: string; readonly keys: number; readonly each: number; readonly rtt: number };

const slowSigners: readonly SlowSigner[] = [
  { what: "3 keys, 0.67 s a signature", keys: 3, each: 0.67, rtt: 0 },
  { what: "1 key, 2.4 s a signature", keys: 1, each: 2.4, rtt: 0 },
  { what: "1 key, a round trip of 0.5 s", keys: 1, each: 0, rtt: 500 },
  { what: "1 key, a round trip of 1 s", keys: 1, each: 0, rtt: 1000 },
  { what: "1 key, a round trip of 2 s", keys: 1, each: 0, rtt: 2000 },
];

/** The outcome of a baker's votes at a slow signer, by one way. */
export type VoteRow = VoteResult & { readonly what: string; readonly variant: string; readonly levels: number };

/** A slow signer, with the data that the bench needs to play it. */
export type SlowHome = SlowSigner & { readonly signer: BenchSigner };

/** Makes the slow signers, each with its own ssh keys, ports and Tezos keys. */
export async function makeSlowHomes(folder: string): Promise<SlowHome[]> {
  return Promise.all(
    slowSigners.map(async (slow, index) => {
      const ssh: KeyPair = await makeKeyPair(folder, `slow-${index}`);
      const keys = Array.from({ length: slow.keys }, makeTezosKey);
      const ports = { port: 12000 + index, localPort: signerPort + 20 + index };
      return { ...slow, signer: { ...ssh, ...ports, name: `slow-${index}`, keys } };
    }),
  );
}

/** One way from a baker to a signer. */
export type Way = (signer: BenchSigner) => Variant;

/** Counts the votes that a baker loses at each slow signer, by each way. All run at once, because the load is small. */
export async function measureVotes(
  homes: readonly SlowHome[],
  ways: readonly Way[],
  levels: number,
  progress: (line: string) => void,
): Promise<VoteRow[]> {
  progress(`votes: ${levels} levels at ${homes.length} slow signers, ${ways.length} ways to each`);
  return Promise.all(homes.flatMap((slow) => ways.map((way, index) => votesAt(slow, way, index, levels))));
}

/** Measures one way, with a separate device behind it, because a device signs one request after the other. */
async function votesAt(slow: SlowHome, way: Way, index: number, levels: number): Promise<VoteRow> {
  const signer = { ...slow.signer, localPort: slow.signer.localPort + index * slowSigners.length };
  const variant = way(signer);
  const link = new Link(slow.rtt);
  const device = await startSigner(home, signer.localPort, "device", slow.each);
  let open: Open | undefined;
  try {
    open = await variant.open(link);
    const keys = signer.keys.map(({ address }) => address);
    const result = await vote(open.signerAddress, { keys, levels, every: 6 });
    return { ...result, what: slow.what, variant: variant.name, levels };
  } finally {
    await open?.close();
    await link.close();
    await device.stop();
  }
}
