import { setTimeout as sleep } from "node:timers/promises";
import type { OpenSsh } from "../base/openssh.ts";
import { isListening } from "../base/programs.ts";
import { median } from "../base/statistics.ts";
import { cutHome, home, moveHome } from "../rig/networks.ts";
import type { BenchSigner } from "../rig/signers.ts";
import { type Dial, Tunnel } from "../rig/sshTunnel.ts";
import { SteadyBaker } from "../rig/steadyBaker.ts";
import type { SignerAddress } from "../rig/traffic.ts";

/** What this part needs of a server. */
export type PortServer = {
  readonly name: string;
  readonly client: OpenSsh;
  readonly server: Dial["server"];
  readonly signer: BenchSigner;
  signerAddress(): Promise<SignerAddress>;
  /** A process in the network namespace that has its ports. */
  pid(): Promise<number>;
};

/**
 * The seconds until the port of a silently lost signer was free, while its bakers kept asking.
 * null means that it was not free within `limit` seconds.
 */
export type StalePortRow = { readonly variant: string; readonly seconds: number | null; readonly limit: number };

/**
 * Takeovers of a port whose older session is still open, although its client is cut off.
 * `firstTry` is the number of those that succeeded on the first try.
 */
export type TakeoverResult = {
  readonly times: number;
  readonly firstTry: number;
  /** Seconds from the start of ssh to the first signature. */
  readonly median: number;
  readonly slowest: number;
};

function dial({ name, client, server, signer }: PortServer): Dial {
  return { ...signer, name: `stale-${name.replaceAll(/\W+/g, "-")}`, ssh: client, place: home, server };
}

/** Cuts a signer off for good, and waits until its port is free. */
export async function measureStalePort(server: PortServer, limit: number): Promise<StalePortRow> {
  const tunnel = new Tunnel(dial(server));
  await tunnel.connected(30);
  const asking = new SteadyBaker(await server.signerAddress(), 0.25, limit + 10);
  try {
    const pid = await server.pid();
    await sleep(1000);
    const moment = Date.now();
    await cutHome();
    await tunnel.close();
    const gone = (): number => (Date.now() - moment) / 1000;
    while (isListening(pid, server.signer.port)) {
      if (gone() > limit) return { variant: server.name, seconds: null, limit };
      await sleep(50);
    }
    return { variant: server.name, seconds: gone(), limit };
  } finally {
    await asking.stop();
    await moveHome();
  }
}

/** Moves a signer to another address repeatedly, to dial in from there while its older session is still open. */
export async function measureTakeovers(server: PortServer, times: number): Promise<TakeoverResult> {
  const taken: number[] = [];
  let firstTry = 0;
  let tunnel = new Tunnel(dial(server));
  await tunnel.connected(30);
  const asking = new SteadyBaker(await server.signerAddress(), 0.02, 5 * times + 60, 5);
  try {
    for (let n = 0; n < times; n++) {
      await asking.firstSince(Date.now(), 10);
      await moveHome();
      await tunnel.close();
      const moment = Date.now();
      tunnel = new Tunnel(dial(server));
      const first = await asking.firstSince(moment, 10);
      if (first === undefined) throw new Error(`takeover ${n + 1}: found no signature within 10 s: ${asking.failure}`);
      taken.push((first - moment) / 1000);
      if (tunnel.dials === 1) firstTry++;
      asking.forget();
    }
  } finally {
    await asking.stop();
    await tunnel.close();
  }
  return { times, firstTry, median: median(taken), slowest: Math.max(...taken) };
}
