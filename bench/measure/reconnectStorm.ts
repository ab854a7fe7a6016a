import { setTimeout as sleep } from "node:timers/promises";
import { type KeyPair, makeKeyPair, type OpenSsh } from "../base/openssh.ts";
import { memoryOf, runningProgram } from "../base/programs.ts";
import { rounded } from "../base/statistics.ts";
import { home } from "../rig/networks.ts";
import { type Dial, Tunnel } from "../rig/sshTunnel.ts";
import { signerPort } from "../rig/traffic.ts";

/** What this part needs of a server. */
export type CrowdServer = {
  readonly name: string;
  readonly client: OpenSsh;
  readonly server: Dial["server"];
  /** Its processes, including those of the sessions. */
  pids(): Promise<number[]>;
  /** Ends it and all sessions. Returns the time of that, and the time when it accepted connections again. */
  restart(): Promise<{ since: number; open: number }>;
};

/** The memory for a crowd of signers, and the seconds until it is back, for each repetition. */
export type CrowdRow = {
  readonly variant: string;
  readonly signers: number;
  /** MiB for each connected signer. */
  readonly memory: number;
  /** MiB of the forwarder's program alone, without sshd's, while all are connected. Missing for another server. */
  readonly program?: number;
  /** Seconds until all ports were back, from the server's end and from when it accepted connections again. */
  readonly back: readonly { readonly sinceKilled: number; readonly sinceOpen: number }[];
};

export type CrowdSigner = { readonly name: string; readonly port: number; readonly keys: KeyPair };

/** Makes signers, each with its own key and port. The ports, from the first on, are in their names. */
export async function makeCrowd(count: number, folder: string, firstPort = 10000): Promise<CrowdSigner[]> {
  const crowd: CrowdSigner[] = [];
  for (let port = firstPort; port < firstPort + count; port++) {
    const name = `crowd-${port}`;
    crowd.push({ name, port, keys: await makeKeyPair(folder, name) });
  }
  return crowd;
}

/** Connects a crowd of signers, measures its memory, and restarts the server while it is connected. */
export async function measureCrowd(
  { name, client, server, pids, restart }: CrowdServer,
  crowd: readonly CrowdSigner[],
  repetitions: number,
  progress: (line: string) => void,
): Promise<CrowdRow> {
  progress(`hundred: ${crowd.length} signers dial ${name}`);
  const empty = memoryOf(await pids());
  const prefix = name.replaceAll(/\W+/g, "-");
  const tunnels = crowd.map(
    (signer) =>
      new Tunnel({
        ...{ name: `${prefix}-${signer.name}`, ssh: client, place: home, server },
        ...{ secret: signer.keys.secret, port: signer.port, localPort: signerPort },
      }),
  );
  try {
    await Promise.all(tunnels.map((tunnel) => tunnel.connected(90)));
    await sleep(2000);
    const full = await pids();
    const memory = rounded((memoryOf(full) - empty) / crowd.length);
    // Now: a restart ends it.
    const own = runningProgram("forwarder", full);
    const program = own.length > 0 && { program: rounded(memoryOf(own)) };
    const back = [];
    for (let n = 0; n < repetitions; n++) {
      progress(`hundred: ${name} is restarted, ${n + 1} of ${repetitions}`);
      const { since, open } = await restart();
      const all = Math.max(...(await Promise.all(tunnels.map((tunnel) => tunnel.connected(90, since)))));
      back.push({ sinceKilled: (all - since) / 1000, sinceOpen: rounded((all - open) / 1000) });
      await sleep(2000);
    }
    return {
      variant: name,
      signers: crowd.length,
      memory,
      ...program,
      back,
    };
  } finally {
    await Promise.all(tunnels.map((tunnel) => tunnel.close()));
  }
}
