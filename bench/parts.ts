import { run } from "../local/machine/run.ts";
import { measureAttestations } from "./measure/attestation.ts";
import { measureGaps } from "./measure/gaps.ts";
import { measureGrowth } from "./measure/growth.ts";
import { type IdleWay, measureIdle } from "./measure/idle.ts";
import { measureLatency } from "./measure/latency.ts";
import { gatewayAlone, measureManySigners, wholeWay } from "./measure/manySigners.ts";
import { measureNeighbours } from "./measure/neighbours.ts";
import { measureOutages } from "./measure/outage.ts";
import { type CrowdServer, makeCrowd, measureCrowd } from "./measure/reconnectStorm.ts";
import { measureStalePort, measureTakeovers, type PortServer } from "./measure/stalePorts.ts";
import { measureTogether } from "./measure/together.ts";
import { makeSlowHomes, measureVotes, type Way } from "./measure/votes.ts";
import { type Results, roundTrips } from "./report/results.ts";
import { home as homePlace, otherCloud } from "./rig/networks.ts";
import { addressesOf, type BenchSigner, home, makeTezosKey, makeTz4Key } from "./rig/signers.ts";
import { awaitWords, signerPort } from "./rig/traffic.ts";
import { straightTo } from "./variants/peerVariants.ts";
import { ourVariant, sshVariant } from "./variants/sshVariants.ts";
import { plainSsh, ratholeNoise, signerForwarder, type Variant } from "./variants/variant.ts";
import type { World } from "./world.ts";

type Progress = (line: string) => void;
type LongPart = (results: Results, quick: boolean, progress: Progress) => Promise<void>;
type Part = (world: World, results: Results, quick: boolean, progress: Progress) => Promise<void>;

/** The parts of a run, in order. The last two give the stack many signers, which would weigh on the other parts. */
export const parts: Readonly<Record<string, Part>> = {
  async baker({ variants }, results, quick, progress) {
    results.baker = await measureTogether(variants, roundTrips, quick ? 0.2 : 1, progress);
  },

  async latency({ variants }, results, quick, progress) {
    results.latency = await measureLatency(variants, roundTrips, quick ? 0.2 : 1, progress);
  },

  async outage(world, results, quick, progress) {
    const compared = [plainSsh(world.imageSsh.name), signerForwarder, ratholeNoise];
    const variants = world.variants.filter(({ name }) => compared.includes(name));
    results.outage = await measureOutages(variants, quick ? 1 : 3, quick ? 15 : 30, progress);
    const [plain, mine] = await portServers(world);
    progress("outage: the port of a signer that stays away");
    results.stalePorts = [];
    for (const server of [plain, mine]) {
      results.stalePorts = [...results.stalePorts, await measureStalePort(server, quick ? 15 : 30)];
      await world.stock.restart();
    }
    progress("outage: takeovers");
    results.takeovers = await measureTakeovers(mine, quick ? 5 : 200);
  },

  async neighbours(world, results, quick, progress) {
    results.neighbours = await measureNeighbours(world.neighbours, quick ? 0.3 : 1, progress);
  },

  async idle(world, results, quick, progress) {
    const named = (name: string): Variant | undefined => world.variants.find((variant) => variant.name === name);
    const ours = (probes: number): IdleWay => ({
      name: `${signerForwarder}, the client's probes each ${probes} s`,
      variant: ourVariant(world.forwarder, world.imageSsh, { ...home, probes }),
    });
    const others = [plainSsh(world.imageSsh.name), ratholeNoise].flatMap((name) => {
      const variant = named(name);
      return variant ? [{ name, variant }] : [];
    });
    results.idle = await measureIdle([ours(2), ours(10), ...others], quick ? 15 : 60, progress);
  },

  async votes(world, results, quick, progress) {
    const homes = await makeSlowHomes(world.folder);
    world.stock.allow([home.public, ...homes.map(({ signer }) => signer.public)]);
    progress(`votes: the stack gets ${homes.length} signers`);
    await world.forwarder.addSigners(homes.map(({ signer }) => ({ ...signerEntry(signer), keys: signer.keys })));
    const ways: Way[] = [
      (signer) => straightTo(signer.localPort),
      (signer) => sshVariant(world.stock, { ...signer, port: signer.port + 100 }),
      (signer) => ourVariant(world.forwarder, world.imageSsh, signer),
    ];
    results.votes = await measureVotes(homes, ways, quick ? 3 : 60, progress);
  },

  async hundred(world, results, quick, progress) {
    const crowd = await makeCrowd(quick ? 10 : 100, world.folder);
    const signers = crowd.map(({ name, port, keys }) => signerEntry({ name, port, public: keys.public }));
    world.stock.allow([home.public, ...signers.map(({ sshPublicKey }) => sshPublicKey)]);
    progress(`hundred: the stack gets ${crowd.length} signers`);
    await world.forwarder.addSigners(signers);
    results.hundred = [];
    for (const server of await crowdServers(world)) {
      results.hundred = [...results.hundred, await measureCrowd(server, crowd, quick ? 1 : 2, progress)];
    }
  },

  async bakers(world, results, quick, progress) {
    const crowd = await makeCrowd(30, world.folder, 11000);
    results.growth = await measureGrowth(crowd, quick ? 1 : 3, world.folder, progress);

    const many = crowd.map(({ name, port, keys: ssh }) => {
      return { ...ssh, name, port, localPort: signerPort, keys: [makeTezosKey()] };
    });
    const pair = { consensus: makeTz4Key(), companion: makeTz4Key() };
    const [dalCrowd] = await makeCrowd(1, world.folder, 11100);
    const dal = { ...home, ...dalCrowd?.keys, name: "dal", port: 11100, keys: [makeTezosKey()] };
    progress(`bakers: the stack gets ${many.length + 1} signers`);
    world.stock.allow([home.public, dal.public]);
    await world.forwarder.addSigners([
      ...many.map((signer) => ({ ...signerEntry(signer), keys: signer.keys })),
      { ...signerEntry(dal), keys: dal.keys, pair },
    ]);
    const variants = [
      straightTo(signerPort),
      sshVariant(world.stock, dal),
      ourVariant(world.forwarder, world.imageSsh, dal),
    ];
    const addresses = [pair.consensus.address, pair.companion.address];
    results.attestations = await measureAttestations(variants, addresses, [0, 30], quick ? 1 : 10, progress);

    const { forwarder, imageSsh } = world;
    const ways = [gatewayAlone, wholeWay(forwarder, imageSsh, await forwarder.server())];
    const often = quick ? { repetitions: 1, levels: 5 } : { repetitions: 3, levels: 40 };
    results.manySigners = await measureManySigners(ways, home, many, often, progress);
  },
};

/** Parts that make a stack of their own, and take so long that they run only if they are asked for. */
export const longParts: Readonly<Record<string, LongPart>> = {
  async gaps(results, quick, progress) {
    results.gaps = await measureGaps(quick ? 1 : 50, progress);
  },
};

function signerEntry({ name, port, public: sshPublicKey }: Pick<BenchSigner, "name" | "port" | "public">) {
  return { name, port, sshPublicKey };
}

async function portServers({ forwarder, imageSsh, stock }: World): Promise<[PortServer, PortServer]> {
  const port = 18400;
  const plain = {
    ...{ name: plainSsh(imageSsh.name), client: imageSsh, signer: { ...home, port } },
    server: { ...stock.address, user: imageSsh.user, hostKey: stock.hostKey.public },
    signerAddress: async () => ({ place: otherCloud, address: `127.0.0.1:${port}`, keys: addressesOf(home) }),
    pid: async () => stock.pids()[0] as number,
  };
  const mine = {
    ...{ name: signerForwarder, client: imageSsh, signer: home, server: await forwarder.server() },
    signerAddress: () => forwarder.signerAddress(home),
    pid: () => forwarder.pid(),
  };
  return [plain, mine];
}

async function crowdServers({ forwarder, imageSsh, stock }: World): Promise<CrowdServer[]> {
  const server = await forwarder.server();
  return [
    {
      ...{ name: plainSsh(imageSsh.name), client: imageSsh },
      server: { ...stock.address, user: imageSsh.user, hostKey: stock.hostKey.public },
      pids: async () => stock.pids(),
      async restart() {
        const { since } = await stock.restart();
        return { since, open: Date.now() };
      },
    },
    {
      ...{ name: signerForwarder, client: imageSsh, server },
      pids: () => forwarder.pids(),
      async restart() {
        const { since } = await forwarder.kill();
        const [program = "", ...words] = awaitWords(homePlace, `${server.host}:${server.port}`);
        return { since, open: Number(await run(program, words)) };
      },
    },
  ];
}
