import { homedir } from "node:os";
import { z } from "zod";
import { cidrs } from "./cidr.ts";
import { checked, googleProject, googleRegion, intFrom, matching, nonEmpty, objectOf } from "./configFields.ts";
import { expandHome, problemOfPath } from "./homePath.ts";
import { localClusterNames, mostLocalNodes } from "./localCluster.ts";
import { familyNames, familyOf } from "./machineFamilies.ts";
import { maintenanceExclusions, maintenanceWindow } from "./maintenanceConfig.ts";

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

const local = z.strictObject({
  kind: z.literal("local"),
  nodes: intFrom(1, mostLocalNodes).default(1),
  name: z.enum(localClusterNames, localClusterNames.join(", ")).default("dev"),
});

const wantedMachine = `a machine type, such as n2d-standard-8, of a family whose disks are known: ${familyNames}`;

const nodePool = z
  .strictObject(
    {
      // Beside GKE's own pods it has room for one baker of mainnet with its DAL node (4 cores and 17 GiB), and not for
      // two. Machines of E2 share their cores with others.
      machineType: z
        .string(wantedMachine)
        .refine((text) => /^[a-z]\d+[a-z]*-[a-z0-9-]+$/.test(text) && familyOf(text), wantedMachine)
        .default("n2d-standard-8"),
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

const wantedLabels =
  "labels of Google's cloud: keys and values of at most 63 of a-z, 0-9, - and _, keys with a letter first";

/** https://docs.cloud.google.com/compute/docs/labeling-resources */
const labels = z
  .record(z.string(), matching(/^[-_a-z0-9]{0,63}$/, wantedLabels), wantedLabels)
  .superRefine((labels, ctx) => {
    for (const key of Object.keys(labels)) {
      const issue = (message: string) => ctx.addIssue({ code: "custom", path: [key], message });
      if (!/^[a-z][-_a-z0-9]{0,62}$/.test(key)) issue(wantedLabels);
      else if (/^(goog|remote-signer-cloud-)/.test(key)) issue("a key that neither Google nor this project uses");
    }
  })
  .optional();

const wantedNetworks =
  "at least one CIDR, because without dnsEndpoint the cluster's API can be reached from nowhere else, not even by you";

const wantedZones = "two zones of the region or more, or no list: GKE chooses three then";

const gke = z
  .strictObject({
    kind: z.literal("gke"),
    project: googleProject,
    region: googleRegion,
    zones: z.array(z.string("a zone"), wantedZones).min(2, wantedZones).optional(),
    dnsEndpoint: z.boolean("true or false").default(true),
    authorizedNetworks: cidrs("IPv4", "a list of CIDRs").default([]),
    releaseChannel: z.enum(["RAPID", "REGULAR", "STABLE"], "RAPID, REGULAR or STABLE").default("REGULAR"),
    maintenanceWindow,
    maintenanceExclusions,
    nodePool,
    labels,
    deletionProtection: z.boolean("true or false").default(true),
  })
  .superRefine(({ authorizedNetworks, dnsEndpoint, region, zones = [] }, ctx) => {
    if (!dnsEndpoint && authorizedNetworks.length === 0)
      ctx.addIssue({ code: "custom", path: ["authorizedNetworks"], message: wantedNetworks });
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

/** The cluster, of one of four kinds. */
export const clusterSchema = z.discriminatedUnion(
  "kind",
  [existing, gke, local, stack],
  "a cluster of kind existing, gke, local or stack",
);

/** A cluster as the config describes it, with the defaults filled in. */
export type ClusterConfig = z.output<typeof clusterSchema>;
export type ExistingClusterConfig = z.output<typeof existing>;
export type GkeClusterConfig = z.output<typeof gke>;
