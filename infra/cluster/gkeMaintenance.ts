import type { GkeClusterConfig } from "../config/clusterConfig.ts";

/** When GKE may upgrade a cluster, in GKE's form. */
export function maintenancePolicyOf(config: Pick<GkeClusterConfig, "maintenanceExclusions" | "maintenanceWindow">) {
  const exclusions = config.maintenanceExclusions ?? [];
  return {
    recurringWindow: windowOf(config.maintenanceWindow),
    ...(exclusions.length > 0 && {
      maintenanceExclusions: exclusions.map(({ end, name, scope, start }) => ({
        exclusionName: name,
        startTime: start,
        endTime: end,
        exclusionOptions: { scope },
      })),
    }),
  };
}

/** A weekly window. The date only says when it starts to repeat. */
function windowOf({ days, hours, start }: GkeClusterConfig["maintenanceWindow"]) {
  const startTime = new Date(`2026-01-01T${start}:00Z`);
  const endTime = new Date(startTime.getTime() + hours * 3600_000);
  const text = (time: Date) => time.toISOString().replace(".000Z", "Z");
  return { startTime: text(startTime), endTime: text(endTime), recurrence: `FREQ=WEEKLY;BYDAY=${days.join(",")}` };
}
