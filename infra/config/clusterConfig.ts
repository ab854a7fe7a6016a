import { homedir } from "node:os";
import { z } from "zod";
import { cidrs } from "./cidr.ts";
import { checked, googleProject, googleRegion, intFrom, matching, nonEmpty, objectOf } from "./configFields.ts";
import { expandHome, problemOfPath } from "./homePath.ts";

const kubeconfigPath = checked(problemOfPath, "the path of a kubeconfig file").transform((text) =>
  expandHome(text, homedir()),
);

const existing = z.strictObject({
  kind: z.literal("existing"),
  context: nonEmpty("the name of a context of the kubeconfig"),
  kubeconfig: kubeconfigPath.optional(),
  // The chart excludes them from `0.0.0.0/0` and `::/0`. Kubernetes rejects an exclusion of all addresses.
  podCidrs: cidrs("IPv4 or IPv6", "a list of the cluster's blocks of pod addresses", 1).optional(),
});

const days = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"] as const;
const wantedWindow =
  "12 hours a week or more in all, because GKE wants 48 hours in any 32 days: more days or more hours";

/** When GKE may upgrade. The default hours are ones at which people in Europe are awake. */
const maintenanceWindow = z
  .strictObject(
    {
      days: z
        .array(z.enum(days, `a day: ${days.join(", ")}`), "a list of days")
        .min(1, "at least one day")
        .default(["TU", "WE", "TH"]),
      start: matching(/^([01]\d|2[0-3]):[0-5]\d$/, "a time of day in UTC, HH:MM").default("08:00"),
      hours: intFrom(4, 24, "4 to 24 hours: GKE takes no shorter window").default(6),
    },
    objectOf,
  )
  .refine(({ days, hours }) => new Set(days).size * hours >= 12, wantedWindow)
  .prefault({});

const nodePool = z
  .strictObject(
    {
      machineType: matching(/^[a-z]\d+[a-z]*-[a-z0-9-]+$/, "a machine type, such as e2-standard-4").default(
        "e2-standard-4",
      ),
      minNodes: intFrom(1, 1000).default(2),
      maxNodes: intFrom(1, 1000).default(6),
      diskSizeGb: intFrom(20, 65536).default(50),
    },
    objectOf,
  )
  .superRefine(({ minNodes, maxNodes }, ctx) => {
    if (maxNodes >= minNodes) return;
    ctx.addIssue({ code: "custom", path: ["maxNodes"], message: `minNodes, which is ${minNodes}, or more` });
  })
  .prefault({});

const wantedZones = "two zones of the region or more, or no list: GKE chooses three then";

const gke = z
  .strictObject({
    kind: z.literal("gke"),
    project: googleProject,
    region: googleRegion,
    zones: z.array(z.string("a zone"), wantedZones).min(2, wantedZones).optional(),
    authorizedNetworks: cidrs("IPv4", "a list of CIDRs").min(
      1,
      "at least one CIDR: the cluster's API can be reached from nowhere else, not even by you",
    ),
    releaseChannel: z.enum(["RAPID", "REGULAR", "STABLE"], "RAPID, REGULAR or STABLE").default("REGULAR"),
    maintenanceWindow,
    nodePool,
    deletionProtection: z.boolean("true or false").default(true),
  })
  .superRefine(({ region, zones = [] }, ctx) => {
    zones.forEach((zone, i) => {
      if (!new RegExp(`^${region}-[a-z]$`).test(zone))
        ctx.addIssue({ code: "custom", path: ["zones", i], message: `a zone of ${region}, such as ${region}-b` });
      else if (zones.indexOf(zone) !== i)
        ctx.addIssue({ code: "custom", path: ["zones", i], message: "another than the zones before it" });
    });
  });

const stack = z.strictObject({
  kind: z.literal("stack"),
  stack: matching(
    /^([\w.-]+\/[\w.-]+\/)?[\w.-]+$/,
    "the name of the stack whose cluster this is, or organization/project/stack",
  ),
});

/** The cluster, of one of three kinds. */
export const clusterSchema = z.discriminatedUnion(
  "kind",
  [existing, gke, stack],
  "a cluster of kind existing, gke or stack",
);

/** A cluster as the config describes it, with the defaults filled in. */
export type ClusterConfig = z.output<typeof clusterSchema>;
export type ExistingClusterConfig = z.output<typeof existing>;
export type GkeClusterConfig = z.output<typeof gke>;
