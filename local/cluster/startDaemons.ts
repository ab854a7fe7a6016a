import { makeCgroups } from "./cgroups.ts";
import type { ClusterDaemon, ClusterStart, DaemonName } from "./clusterDaemon.ts";
import type { Layout } from "./layout.ts";
import { ensureRunning, isRunning, waitHealthy } from "./processes.ts";

/**
 * Makes the daemons of a node run and serve, each as soon as those before it serve. What runs as described stays.
 *
 * `pki` is the fingerprint of the cluster's keys. Returns a promise for each daemon, which ends with its `ready`.
 */
export function startDaemons(
  layout: Layout,
  daemons: readonly ClusterDaemon[],
  run: ClusterStart,
  pki: string,
): Map<DaemonName, Promise<void>> {
  const idle = daemons.filter((daemon) => !isRunning(layout, daemon, pki));
  if (idle.length > 0) {
    const where = layout.nodeAddress === layout.apiAddress ? "" : ` of node ${layout.nodeName}`;
    run.progress(`starting ${idle.map((daemon) => daemon.name).join(", ")}${where}`);
  }
  const cgroups = makeCgroups(layout.cgroup);
  const start = async (daemon: ClusterDaemon, wanted: () => void): Promise<void> => {
    if (daemon.before && idle.includes(daemon)) await daemon.before(run);
    const started = await ensureRunning(layout, daemon, cgroups, pki);
    await waitHealthy(layout, daemon.name, () => {
      wanted();
      return run.api.healthy(daemon.health);
    });
    if (daemon.ready) await daemon.ready(run, started);
  };
  return startAll(daemons, (daemon, wanted) =>
    daemon.around && idle.includes(daemon) ? daemon.around(run, () => start(daemon, wanted)) : start(daemon, wanted),
  );
}

/**
 * Runs `start` for each daemon as soon as it has finished for those that must serve before.
 *
 * `start` gets a function that throws once another daemon has failed, so that no daemon waits in vain.
 */
function startAll(
  daemons: readonly ClusterDaemon[],
  start: (daemon: ClusterDaemon, wanted: () => void) => Promise<void>,
): Map<DaemonName, Promise<void>> {
  const serving = new Map<DaemonName, Promise<void>>();
  const failures: unknown[] = [];
  const wanted = (): void => {
    if (failures.length > 0) throw failures[0];
  };
  for (const daemon of daemons) {
    const before = Promise.all(daemon.after.map((name) => serving.get(name)));
    const served = before.then(() => start(daemon, wanted));
    served.catch((error: unknown) => failures.push(error));
    serving.set(daemon.name, served);
  }
  return serving;
}
