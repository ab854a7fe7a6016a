import { z } from "zod";
import { addressOf, problemOfAddress, problemOfChainId, problemOfPublicKey } from "../keys/tezosKey.ts";
import { checked, intFrom, isWebUrl, label, matching, nonEmpty, objectName, objectOf, webUrl } from "./configFields.ts";
import { problemOfSchedule } from "./cronSchedule.ts";

const wantedSigner = "the name of a signer of this stack, or a list of names in the order in which they are asked";
const signerName = nonEmpty(wantedSigner);
const bakerKey = z
  .strictObject(
    {
      name: label(63),
      address: checked(problemOfAddress, "a Tezos address"),
      publicKey: checked(problemOfPublicKey, "a Tezos public key"),
      signer: z.union([signerName, z.array(signerName, wantedSigner).min(1, wantedSigner)], wantedSigner),
    },
    objectOf,
  )
  .superRefine((key, ctx) => {
    if (problemOfAddress(key.address) || problemOfPublicKey(key.publicKey)) return;
    const hash = addressOf(key.publicKey);
    if (hash === key.address) return;
    ctx.addIssue({ code: "custom", path: ["address"], message: `${hash}, which the publicKey next to it hashes to` });
  });

const wantedKeep = "a whole number of snapshots from 1 to 100";
const backup = z.strictObject(
  {
    schedule: checked(problemOfSchedule, "the five fields of cron, such as 17 3 * * *"),
    keep: intFrom(1, 100, wantedKeep).optional(),
    snapshotClassName: objectName("VolumeSnapshotClass").optional(),
  },
  objectOf,
);

const storage = z.strictObject(
  {
    size: matching(/^[1-9]\d{0,6}(Mi|Gi|Ti|M|G|T)$/, "a Kubernetes quantity such as 100Gi").optional(),
    className: objectName("StorageClass").optional(),
  },
  objectOf,
);

const wantedBlockSeconds = "a number of seconds from 0.1 to 3600";

const wantedNetwork =
  "a network that `octez-node config init --network` takes, in lower case: mainnet, shadownet, an http or https URL, …";
const wantedHistory = "a history mode of octez-node: archive, rolling or full, the last two also with a number, full:5";

/** A baker: node, baker and accuser, and the keys that it bakes with. */
export const bakerSchema = z.strictObject(
  {
    name: label(46),
    network: z.string(wantedNetwork).refine((text) => /^[a-z][a-z0-9-]*$/.test(text) || isWebUrl(text), wantedNetwork),
    keys: z.array(bakerKey, "a list of keys").min(1, "at least one key"),
    chainId: checked(problemOfChainId, "a chain's id").optional(),
    minimalBlockSeconds: z
      .number(wantedBlockSeconds)
      .min(0.1, wantedBlockSeconds)
      .max(3600, wantedBlockSeconds)
      .optional(),
    liquidityBakingToggleVote: z.enum(["on", "off", "pass"], "on, off or pass").optional(),
    historyMode: matching(/^(archive|(rolling|full)(:\d{1,4})?)$/, wantedHistory).optional(),
    snapshotUrl: webUrl("an http or https URL of a snapshot").optional(),
    storage: storage.optional(),
    backup: backup.optional(),
  },
  objectOf,
);

/** A key that a baker signs with, and the signer that holds it, or several signers in their order. */
export type BakerKey = z.output<typeof bakerKey>;
/** A baker as the config describes it. */
export type BakerConfig = z.output<typeof bakerSchema>;
