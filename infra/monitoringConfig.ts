import { z } from "zod";
import type { ClusterConfig } from "./clusterConfig.ts";
import { label, matching, objectOf } from "./configFields.ts";

/** Who scrapes the metrics, and the kind of object by which it learns of them. */
export const monitoringSchema = z
  .strictObject(
    {
      kind: z.enum(
        ["ServiceMonitor", "PodMonitor", "PodMonitoring", "none"],
        "ServiceMonitor, PodMonitor, PodMonitoring or none",
      ),
      namespace: label(63).optional(),
      interval: matching(/^[1-9]\d*[sm]$/, "seconds or minutes, such as 15s").optional(),
      labels: z.record(z.string(), z.string("a text"), "the labels of the monitor, by name").optional(),
    },
    objectOf,
  )
  .superRefine(({ kind, namespace }, ctx) => {
    if (kind === "none" || namespace !== undefined) return;
    const message = "the namespace of the scraper, whose pods alone reach the metrics";
    ctx.addIssue({ code: "custom", path: ["namespace"], message });
  });

/** Monitoring as the config describes it. */
export type MonitoringConfig = z.output<typeof monitoringSchema>;

/** Who scrapes the metrics of a stack: whom it says, else Google's managed Prometheus, which the `gke` clusters have on. */
export function monitoringOf(config: {
  cluster: ClusterConfig;
  monitoring?: MonitoringConfig | undefined;
}): MonitoringConfig | undefined {
  if (config.monitoring || config.cluster.kind !== "gke") return config.monitoring;
  return { kind: "PodMonitoring", namespace: "gmp-system" };
}
