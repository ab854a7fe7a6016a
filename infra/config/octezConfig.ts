import { z } from "zod";
import { intFrom, objectOf, webUrl } from "./configFields.ts";

const wantedTimeout = "a number of seconds from 1 to 600, or 0 for no time-out";
const wantedNanotez = "a number of nanotez, 0 or more";
const nanotez = z.number(wantedNanotez).min(0, wantedNanotez);

/** The fees below which an operation is not put into a block. */
const operations = z.strictObject(
  {
    // Octez's help says tez. Its code reads mutez: the default of 100 would be more than any fee.
    minimalFees: intFrom(0, 1_000_000_000, "a whole number of mutez").optional(),
    minimalNanotezPerGasUnit: nanotez.optional(),
    minimalNanotezPerByte: nanotez.optional(),
  },
  objectOf,
);

const args = z.array(z.string("a text"), "a list of arguments").optional();

/** What a user may change of the Octez programs of a baker. */
export const octezSettings = {
  liquidityBakingToggleVote: z.enum(["on", "off", "pass"], "on, off or pass").optional(),
  remoteCallsTimeout: z
    .number(wantedTimeout)
    .max(600, wantedTimeout)
    .refine((seconds) => seconds === 0 || seconds >= 1, wantedTimeout)
    .optional(),
  operations: operations.optional(),
  extraNodes: z.array(webUrl("an http or https URL of an octez-node's RPC"), "a list of URLs").optional(),
  extraArgs: z.strictObject({ node: args, dalNode: args, baker: args, accuser: args }, objectOf).optional(),
};
