import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stateFolder } from "../local/machine/paths.ts";
import { run } from "../local/machine/run.ts";
import { ensurePackages } from "../local/toolchain/debianPackages.ts";
import { buildProgram } from "../local/toolchain/go.ts";
import { stopAll } from "../testbed/background.ts";
import { onExit } from "./base/cleanup.ts";
import { kubernetesVersion } from "./base/machine.ts";
import { imagesOpenSsh, machinesOpenSsh, makeKeyPair } from "./base/openssh.ts";
import { home as homePlace, makeNetworks } from "./rig/networks.ts";
import { type BenchSigner, home, office } from "./rig/signers.ts";
import { ensureTraffic, signerPort, startSigner } from "./rig/traffic.ts";
import { Forwarder } from "./servers/forwarder.ts";
import { ensurePeer, peerVersions } from "./servers/peers.ts";
import { copyRoot } from "./servers/podRoot.ts";
import { StockServer } from "./servers/stockServer.ts";
import { boreVariant, ratholeVariant, straightTo } from "./variants/peerVariants.ts";
import { haproxyVariant, ourVariant, routerVariant, sshVariant } from "./variants/sshVariants.ts";
import type { Variant } from "./variants/variant.ts";

/** All running parts of a measurement: our forwarder, the servers of the comparison, and the signer's daemon. */
export type World = Awaited<ReturnType<typeof makeWorld>>;

/** Builds, starts and connects everything. */
export async function makeWorld(progress: (line: string) => void) {
  const folder = mkdtempSync(join(tmpdir(), "rsc-bench-"));
  // The stock servers run as an ordinary user and have files in here.
  chmodSync(folder, 0o711);
  onExit("the bench's files", () => {
    rmSync(folder, { recursive: true, force: true });
  });
  await ensurePackages(progress, ["openssh-client", "openssh-server", "haproxy", "iproute2", "iptables", "util-linux"]);
  await ensureTraffic(progress);
  const router = join(stateFolder, "bench", "router");
  await buildProgram("./signer-forwarder/router", router, join(stateFolder, "tools"), progress);
  const rathole = await ensurePeer("rathole", progress);
  const bore = await ensurePeer("bore", progress);
  onExit("the programs", stopAll);

  const forwarder = new Forwarder();
  await forwarder.up(progress);
  await makeNetworks();
  await startSigner(homePlace);
  const root = join(folder, "root");
  await copyRoot(await forwarder.pid(), root);
  const imageSsh = await imagesOpenSsh(root);
  const machineSsh = await machinesOpenSsh(join(folder, "openssh"));

  const hostKey = await makeKeyPair(folder, "host_key");
  const stock = new StockServer(imageSsh, 2201, hostKey, [home.public, office.public]);
  const others = machineSsh.name === imageSsh.name ? [] : [new StockServer(machineSsh, 2202, hostKey, [home.public])];
  for (const server of [stock, ...others]) {
    onExit("a stock sshd", () => server.kill());
    await server.start();
  }

  const at = (port: number, signer: BenchSigner = home): BenchSigner => ({ ...signer, port });
  const variants: Variant[] = [
    straightTo(signerPort),
    sshVariant(stock, at(18400)),
    ...others.map((server) => sshVariant(server, at(18410))),
    ourVariant(forwarder, imageSsh, home),
    // A signer of its own, because a second session of one signer ends the first.
    routerVariant(forwarder, router, imageSsh, { ...office, localPort: home.localPort }),
    haproxyVariant(stock, at(18420)),
    ...(rathole ? [await ratholeVariant(rathole, false, folder, 18430)] : []),
    ...(rathole ? [await ratholeVariant(rathole, true, folder, 18440)] : []),
    ...(bore ? [boreVariant(bore, 18450)] : []),
  ];
  const haproxy = /version (\S+)/.exec(await run("haproxy", ["-v"]))?.[1] ?? "unknown";
  return {
    folder,
    forwarder,
    imageSsh,
    stock,
    variants,
    neighbours: [
      { signer: sshVariant(stock, at(18400)), neighbour: sshVariant(stock, at(18460, office)) },
      { signer: ourVariant(forwarder, imageSsh, home), neighbour: ourVariant(forwarder, imageSsh, office) },
    ],
    versions: {
      "the image's OpenSSH": imageSsh.version,
      "the machine's OpenSSH": machineSsh.version,
      HAProxy: haproxy,
      Kubernetes: kubernetesVersion(),
      ...(rathole && { rathole: peerVersions.rathole }),
      ...(bore && { bore: peerVersions.bore }),
    },
  };
}
