import { z } from "zod";
import { addressOf, problemOfAddress, problemOfPublicKey } from "../keys/tezosKey.ts";
import { checked, label, nonEmpty, objectOf } from "./configFields.ts";

const wantedSigner = "the name of a signer of this stack, or a list of names in the order in which they are asked";
const signerName = nonEmpty(wantedSigner);

/** The alias of a baker's authentication key in Octez's wallet, so the name of no other key. */
export const authenticationAlias = "authentication";

/** A key that signs for a delegate, and the signer that holds it, or several signers in their order. */
const bakerKey = z
  .strictObject(
    {
      name: label(63).refine((name) => name !== authenticationAlias, {
        message: `another name: the wallet has a key ${authenticationAlias}, which signs requests`,
      }),
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

const wantedConsensus = "at least one key: the delegate's consensus key, or its own key if it has set none";

/** A delegate, and the keys that sign for it. */
const delegate = z.strictObject(
  {
    address: checked(problemOfAddress, "the delegate's address, which starts with tz1, tz2, tz3 or tz4"),
    keys: z
      .strictObject(
        {
          consensus: z.array(bakerKey, "a list of keys").min(1, wantedConsensus),
          companion: z.array(bakerKey, "a list of keys").optional(),
        },
        objectOf,
      )
      .superRefine(({ consensus, companion = [] }, ctx) => {
        companion.forEach(({ address }, i) => {
          if (address.startsWith("tz4")) return;
          ctx.addIssue({ code: "custom", path: ["companion", i, "address"], message: "a tz4: Octez takes no other" });
        });
        if (companion.length === 0 || consensus.some(({ address }) => address.startsWith("tz4"))) return;
        const message = "no companion key, or a consensus key that is a tz4: no other needs one for the DAL";
        ctx.addIssue({ code: "custom", path: ["companion"], message });
      }),
  },
  objectOf,
);

/** The delegates of a baker. */
export const delegatesSchema = z.array(delegate, "a list of delegates").min(1, "at least one delegate");

/** A key that signs for a delegate. */
export type BakerKey = z.output<typeof bakerKey>;
/** A delegate as the config describes it. */
export type DelegateConfig = z.output<typeof delegate>;

/** All keys of a baker's delegates, the consensus keys of each before its companion keys. */
export function keysOf({ delegates }: { readonly delegates: readonly DelegateConfig[] }): BakerKey[] {
  return delegates.flatMap(({ keys: { consensus, companion = [] } }) => [...consensus, ...companion]);
}
