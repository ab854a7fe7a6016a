import { z } from "zod";
import { isLabelKey, isLabelValue, isNamespace } from "../names/kubernetesNames.ts";
import type { ClusterConfig } from "./clusterConfig.ts";
import { show } from "./configError.ts";
import { intFrom, matching, objectOf } from "./configFields.ts";

/** The labels that the forwarder's objects have already, from the chart and from `kubectl apply --applyset`. */
const ownLabels: readonly string[] = [
  "app.kubernetes.io/name",
  "app.kubernetes.io/instance",
  "app.kubernetes.io/version",
  "app.kubernetes.io/part-of",
  "applyset.kubernetes.io/part-of",
];

const wantedNamespace = "a namespace's name (a-z, 0-9 and inner hyphens) of at most 63 characters";
const wantedValue = "the text of a label: at most 63 letters, digits, and between them -, _ and .";
const labels = z
  .record(z.string(), z.string(wantedValue).refine(isLabelValue, wantedValue), "the labels of the monitor, by name")
  .superRefine((record, ctx) => {
    for (const key of Object.keys(record)) {
      const wanted = ownLabels.includes(key)
        ? "another label: this one is the forwarder's own"
        : !isLabelKey(key) &&
          "a label of Kubernetes: name or domain/name, the name of at most 63 letters, digits, -, _ and .";
      if (wanted) ctx.addIssue({ code: "custom", message: wanted, params: { found: `the label ${show(key)}` } });
    }
  });

/** The scraper of the metrics, the kind of object from which it learns of them, and the alerts. */
export const monitoringSchema = z
  .strictObject(
    {
      kind: z.enum(
        ["ServiceMonitor", "PodMonitor", "PodMonitoring", "ConfigMap", "none"],
        "ServiceMonitor, PodMonitor, PodMonitoring, ConfigMap or none",
      ),
      namespace: z.string(wantedNamespace).refine(isNamespace, wantedNamespace).optional(),
      interval: matching(/^[1-9]\d{0,5}[sm]$/, "seconds or minutes, such as 15s").optional(),
      labels: labels.optional(),
      alerts: z.boolean("true or false").optional(),
      silentMinutes: intFrom(2, 1440, "a whole number of minutes from 2 to 1440").optional(),
      meteredUplinks: z.boolean("true or false").optional(),
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

/** A stack's scraper: the config's, else on a `gke` cluster Google's managed Prometheus, which is on there. */
export function monitoringOf(config: {
  cluster: ClusterConfig;
  monitoring?: MonitoringConfig | undefined;
}): MonitoringConfig | undefined {
  if (config.monitoring || config.cluster.kind !== "gke") return config.monitoring;
  return { kind: "PodMonitoring", namespace: "gmp-system" };
}
