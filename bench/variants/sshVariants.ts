import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, ended } from "../base/ended.ts";
import type { OpenSsh } from "../base/openssh.ts";
import { startWithUs } from "../base/programs.ts";
import type { Link } from "../rig/link.ts";
import { home, otherCloud } from "../rig/networks.ts";
import { addressesOf, type BenchSigner } from "../rig/signers.ts";
import { type Dial, Tunnel } from "../rig/sshTunnel.ts";
import { opened, type SignerAddress } from "../rig/traffic.ts";
import type { Forwarder } from "../servers/forwarder.ts";
import type { StockServer } from "../servers/stockServer.ts";
import { haproxyOverSsh, type Open, plainSsh, signerForwarder, type Variant, withRouter } from "./variant.ts";

/** Our whole path: Service, forwarder, sshd, tunnel and a stock client. */
export function ourVariant(forwarder: Forwarder, client: OpenSsh, signer: BenchSigner): Variant {
  return {
    name: signerForwarder,
    encrypted: true,
    async open(link) {
      const server = await forwarder.server();
      const dial = { ...signer, name: `ours-${signer.name}-${link.rtt}`, ssh: client, place: home };
      const tunnel = await Redialled.to({ ...dial, server: { ...server, ...(await link.to(server)) } });
      return waited(signerForwarder, await forwarder.signerAddress(signer), tunnel, link, () => forwarder.kill());
    },
  };
}

/** Our whole path with a router in front of it, beside the baker, as a stack's bakers have it. */
export function routerVariant(forwarder: Forwarder, router: string, client: OpenSsh, signer: BenchSigner): Variant {
  const path = ourVariant(forwarder, client, signer);
  return {
    ...path,
    name: withRouter,
    async open(link) {
      const open = await path.open(link);
      const folder = mkdtempSync(join(tmpdir(), "rsc-bench-router-"));
      const place = await forwarder.routerIn(folder);
      const running = startWithUs([...place, router, folder]);
      const signerAddress = { ...open.signerAddress, address: `127.0.0.1:${signer.port}` };
      await opened(withRouter, signerAddress, link.rtt);
      return {
        ...open,
        signerAddress,
        async close() {
          await running.stop();
          rmSync(folder, { recursive: true, force: true });
          await open.close();
        },
      };
    },
  };
}

/** `ssh -R` to a stock sshd, whose port bakers call directly. */
export function sshVariant(server: StockServer, signer: BenchSigner): Variant {
  const name = plainSsh(server.ssh.name);
  return {
    name,
    encrypted: true,
    async open(link) {
      const tunnel = await plainTunnel(server, signer, link);
      const signerAddress = { place: otherCloud, address: `127.0.0.1:${signer.port}`, keys: addressesOf(signer) };
      return waited(name, signerAddress, tunnel, link, () => server.restart());
    },
    async forgetSessions() {
      await server.restart();
    },
  };
}

/** The same with HAProxy in front of the port, as in tezos-on-gke. It passes bytes on and checks every 15 s. */
export function haproxyVariant(server: StockServer, signer: BenchSigner): Variant {
  return {
    name: haproxyOverSsh,
    encrypted: true,
    async open(link) {
      const tunnel = await plainTunnel(server, signer, link);
      const front = signer.port + 1;
      const config = join(server.ssh.folder, "haproxy.cfg");
      writeFileSync(config, haproxyConfig(front, signer.port));
      const haproxy = startWithUs([...otherCloud, "haproxy", "-db", "-f", config]);
      const signerAddress = { place: otherCloud, address: `127.0.0.1:${front}`, keys: addressesOf(signer) };
      const open = await waited(haproxyOverSsh, signerAddress, tunnel, link, () => server.restart());
      return {
        ...open,
        async close() {
          await haproxy.stop();
          await open.close();
        },
      };
    },
  };
}

function haproxyConfig(front: number, tunnel: number): string {
  return `defaults
  mode tcp
  timeout connect 5s
  timeout client 1m
  timeout server 1m
listen signer
  bind 127.0.0.1:${front}
  balance first
  server tunnel 127.0.0.1:${tunnel} check inter 15s
`;
}

async function plainTunnel(server: StockServer, signer: BenchSigner, link: Link): Promise<Redialled> {
  const dialled = { ...(await link.to(server.address)), user: server.ssh.user, hostKey: server.hostKey.public };
  const dial = { ...signer, name: `plain-${signer.name}-${signer.port}-${link.rtt}`, ssh: server.ssh, place: home };
  return Redialled.to({ ...dial, server: dialled });
}

/** A tunnel whose client can be restarted. */
class Redialled {
  readonly #dial: Dial;
  #tunnel: Tunnel;

  private constructor(dial: Dial) {
    this.#dial = dial;
    this.#tunnel = new Tunnel(dial);
  }

  static async to(dial: Dial): Promise<Redialled> {
    const made = new Redialled(dial);
    await made.#tunnel.connected(30);
    return made;
  }

  restart(): Promise<Ended> {
    return ended(
      () => this.#tunnel.close(),
      () => {
        this.#tunnel = new Tunnel(this.#dial);
      },
    );
  }

  close(): Promise<void> {
    return this.#tunnel.close();
  }
}

async function waited(
  what: string,
  signerAddress: SignerAddress,
  tunnel: Redialled,
  link: Link,
  restartServer: () => Promise<Ended>,
): Promise<Open> {
  await opened(what, signerAddress, link.rtt);
  return { signerAddress, restartServer, restartClient: () => tunnel.restart(), close: () => tunnel.close() };
}
