import { Link } from "../rig/link.ts";
import { home } from "../rig/networks.ts";
import { office } from "../rig/signers.ts";
import { type LoadResult, load, type SignerAddress, type SignerMode, startSigner } from "../rig/traffic.ts";
import type { Variant } from "../variants/variant.ts";

/** The neighbour's behaviour: it is idle, never answers a request to sign, or never ends its answer. */
const neighbourModes = ["idle", "stuck", "flood"] as const;
type NeighbourMode = (typeof neighbourModes)[number];

/** A signer's answers while its neighbour behaves in one of these ways. Times are in milliseconds. */
export type NeighbourRow = {
  readonly variant: string;
  readonly neighbour: NeighbourMode;
  readonly p50: number;
  readonly p99: number;
  readonly errors: number;
};

/** One way from bakers to two signers that share a server. */
export type Neighbours = { readonly signer: Variant; readonly neighbour: Variant };

/** Measures the effect of a neighbour on a signer, while bakers keep calling both. */
export async function measureNeighbours(
  pairs: readonly Neighbours[],
  scale: number,
  progress: (line: string) => void,
): Promise<NeighbourRow[]> {
  const rows: NeighbourRow[] = [];
  for (const { signer, neighbour } of pairs) {
    progress(`neighbours: two signers by ${signer.name}`);
    const link = new Link(0);
    const fine = await startSigner(home, office.localPort);
    const one = await signer.open(link);
    const other = await neighbour.open(link);
    await fine.stop();
    try {
      for (const mode of neighbourModes) {
        const { p50, p99, errors } = await besides(one.signerAddress, other.signerAddress, mode, 4 * scale);
        rows.push({ variant: signer.name, neighbour: mode, p50, p99, errors });
      }
    } finally {
      await other.close();
      await one.close();
      await link.close();
    }
  }
  return rows;
}

async function besides(
  signerAddress: SignerAddress,
  other: SignerAddress,
  mode: NeighbourMode,
  seconds: number,
): Promise<LoadResult> {
  const measured = { what: "signature", fresh: true, connections: 1, seconds } as const;
  if (mode === "idle") return load(signerAddress, measured);
  const signer = await startSigner(home, office.localPort, mode satisfies SignerMode);
  try {
    // The neighbour's load outlasts the measurement: it starts a second before, and its last call ends after it.
    const asked = { what: "post", fresh: true, connections: 8, seconds: seconds + 1, warm: 0, timeout: 3 } as const;
    const asking = load(other, asked);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const result = await load(signerAddress, measured);
    await asking;
    return result;
  } finally {
    await signer.stop();
  }
}
