import { z } from "zod";
import { problemOfBlockHash, problemOfChainId, problemOfPublicKey } from "../keys/tezosKey.ts";
import { cidrs } from "./cidr.ts";
import { checked, intFrom, isWebUrl, label, matching, objectName, objectOf, webUrl } from "./configFields.ts";
import { problemOfSchedule } from "./cronSchedule.ts";
import { delegatesSchema } from "./delegateConfig.ts";
import { octezSettings } from "./octezConfig.ts";
import { dalSchema, p2pSchema } from "./p2pConfig.ts";
import { podAdditions, resourcesSchema } from "./podConfig.ts";

const wantedKeep = "a whole number of snapshots from 1 to 100";
const backup = z.strictObject(
  {
    schedule: checked(problemOfSchedule, "the five fields of cron, such as 17 3 * * *"),
    keep: intFrom(1, 100, wantedKeep).optional(),
    snapshotClassName: objectName("VolumeSnapshotClass").optional(),
  },
  objectOf,
);

const size = matching(/^[1-9]\d{0,6}(Mi|Gi|Ti|M|G|T)$/, "a Kubernetes quantity such as 100Gi");
const storage = z.strictObject(
  {
    size: size.optional(),
    className: objectName("StorageClass").optional(),
    clientClassName: objectName("StorageClass").optional(),
    dalSize: size.optional(),
  },
  objectOf,
);

const snapshot = z.strictObject(
  {
    url: webUrl("an http or https URL of a snapshot"),
    sha256: matching(/^[0-9a-f]{64}$/, "the snapshot's SHA-256 sum, 64 of 0-9 and a-f").optional(),
    blockHash: checked(problemOfBlockHash, "a block's hash").optional(),
  },
  objectOf,
);

/** A key of earlier versions. The problem says what there is instead. */
const gone = (wanted: string) => z.never(wanted).optional();
const wantedKeys =
  "no keys here: bakers[].delegates is [{address: tz1…, keys: {consensus: [{name, address, publicKey, signer}], companion: [the same, for a tz4]}}]";
const wantedSnapshot = "no snapshotUrl: bakers[].snapshot is {url: https://…, sha256, blockHash}";

const wantedBlockSeconds = "a number of seconds from 0.1 to 3600";

const wantedNetwork =
  "a network that `octez-node config init --network` takes, in lower case: mainnet, shadownet, an http or https URL, …";
const wantedHistory = "a history mode of octez-node: archive, rolling or full, the last two also with a number, full:5";

/** What the forwarder and a router are told of a baker, wherever it runs. */
const anyBaker = {
  name: label(46),
  network: z.string(wantedNetwork).refine((text) => /^[a-z][a-z0-9-]*$/.test(text) || isWebUrl(text), wantedNetwork),
  delegates: delegatesSchema,
  chainId: checked(problemOfChainId, "a chain's id").optional(),
  minimalBlockSeconds: z
    .number(wantedBlockSeconds)
    .min(0.1, wantedBlockSeconds)
    .max(3600, wantedBlockSeconds)
    .optional(),
};

/** A baker that runs outside of the stack, with a router of its own: whose keys they are, and from where it asks. */
export const outsideBakerSchema = z.strictObject(
  {
    ...anyBaker,
    sourceRanges: cidrs("IPv4 or IPv6", "a list of CIDRs", 1).default([]),
    authenticationKey: checked(problemOfPublicKey, "a Tezos public key").optional(),
  },
  objectOf,
);

/** A baker: its nodes, baker and accuser, and the delegates that it bakes for. */
export const bakerSchema = z.strictObject(
  {
    ...anyBaker,
    historyMode: matching(/^(archive|(rolling|full)(:\d{1,4})?)$/, wantedHistory).optional(),
    snapshot: snapshot.optional(),
    storage: storage.optional(),
    backup: backup.optional(),
    dal: dalSchema.optional(),
    p2p: p2pSchema.optional(),
    ...octezSettings,
    resources: resourcesSchema.optional(),
    ...podAdditions,
    keys: gone(wantedKeys),
    snapshotUrl: gone(wantedSnapshot),
  },
  objectOf,
);

/** A baker as the config describes it. */
export type BakerConfig = z.output<typeof bakerSchema>;
/** A baker outside of the stack, as the config describes it. */
export type OutsideBakerConfig = z.output<typeof outsideBakerSchema>;
