import { z } from "zod";
import { octezAccuser, octezBaker, octezDalNode, octezNode, type Program } from "../octez/options.ts";
import { problemsOfExtraArguments } from "../octez/readArguments.ts";
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

/** Arguments that Octez takes behind those of a command. `taken` are the options that the pod gives it, with a reason. */
function argumentsOf(program: Program, command: string, taken: Readonly<Record<string, string>>) {
  return z
    .array(z.string("a text"), "a list of arguments")
    .superRefine((args, ctx) => {
      for (const { index, wanted } of problemsOfExtraArguments(args, program, command, taken))
        ctx.addIssue({ code: "custom", path: [index], message: wanted });
    })
    .optional();
}

const ofThePod = "an option that the pod does not depend on";
const insteadOf = (key: string) => `bakers[].${key} instead`;

const extraArgs = z.strictObject(
  {
    node: argumentsOf(octezNode, "run", {
      "data-dir": ofThePod,
      "config-file": ofThePod,
      "rpc-addr": ofThePod,
      "allow-all-rpc": ofThePod,
      "rpc-tls": ofThePod,
      "net-addr": ofThePod,
      network: insteadOf("network"),
      "history-mode": insteadOf("historyMode"),
      "advertised-net-port": insteadOf("p2p"),
      "metrics-addr": "monitoring instead",
    }),
    dalNode: argumentsOf(octezDalNode, "run", {
      "data-dir": ofThePod,
      "config-file": ofThePod,
      endpoint: ofThePod,
      "rpc-addr": ofThePod,
      "net-addr": ofThePod,
      "attester-profiles": insteadOf("delegates"),
      "public-addr": insteadOf("dal.endpoint"),
      "metrics-addr": "monitoring instead",
    }),
    baker: argumentsOf(octezBaker, "run with local node", {
      "keep-alive": ofThePod,
      votefile: insteadOf("liquidityBakingToggleVote"),
      "liquidity-baking-toggle-vote": insteadOf("liquidityBakingToggleVote"),
      "dal-node": insteadOf("dal"),
      "without-dal": insteadOf("dal"),
      "remote-calls-timeout": insteadOf("remoteCallsTimeout"),
      "minimal-fees": insteadOf("operations.minimalFees"),
      "minimal-nanotez-per-gas-unit": insteadOf("operations.minimalNanotezPerGasUnit"),
      "minimal-nanotez-per-byte": insteadOf("operations.minimalNanotezPerByte"),
      "extra-node": insteadOf("extraNodes"),
    }),
    accuser: argumentsOf(octezAccuser, "run", { "keep-alive": ofThePod }),
  },
  objectOf,
);

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
  extraArgs: extraArgs.optional(),
};
