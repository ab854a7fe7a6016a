import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { show } from "../../infra/config/configError.ts";
import type { KitFacts } from "../../signer-host/package/kitFacts.ts";
import { UsageError } from "../cli/command.ts";
import type { Outputs } from "../engine/stackOutputs.ts";

/** What a kit needs of a signer's outputs. */
const signerSchema = z.object({
  port: z.number(),
  sshPort: z.number(),
  answerSeconds: z.number(),
  device: z.object({ kind: z.enum(["ledger", "tezsign", "tcp", "signatory", "own"]), url: z.string().optional() }),
  mains: z.object({ chip: z.string(), line: z.number(), lostWhen: z.enum(["high", "low"]) }).optional(),
  ups: z.string().optional(),
  uplinks: z.array(z.object({ interface: z.string(), metered: z.boolean().optional() })).optional(),
  keys: z.array(z.object({ name: z.string(), address: z.string(), publicKey: z.string() })),
  // The stacks of older versions have none.
  authorizedKeys: z.array(z.string()).default([]),
});

const endpointSchema = z.object({
  // Only a cloud knows the number of a reserved address.
  host: z.string().optional(),
  port: z.number(),
  alternatePorts: z.array(z.number()),
  user: z.string(),
});

/** What a kit needs of a stack's outputs. */
const outputsSchema = z.object({
  /** One for each replica of the forwarder. */
  signerEndpoints: z.array(endpointSchema),
  knownHosts: z.string().nullable(),
  signers: z.record(z.string(), signerSchema),
});

type KitOutputs = z.infer<typeof outputsSchema>;

/**
 * The facts of a signer's kit, from the stack's outputs.
 *
 * `config` has the outputs that follow from the config. Those of the last `up` may be older. Then the kit would not fit
 * the next `up`, and this throws an Error that names each difference. Throws UsageError for a name that no signer of the
 * config has.
 */
export function factsOfOutputs(stack: string, signer: string, outputs: Outputs, config = outputs): KitFacts {
  const wanted = outputsSchema.parse(plain(config));
  if (!Object.hasOwn(wanted.signers, signer)) {
    const names = Object.keys(wanted.signers).join(", ") || "there is none";
    throw new UsageError(`SIGNER: found ${show(signer)}, wanted one of the stack's signers: ${names}`);
  }
  const found = plain(outputs);
  const differences = differencesOf(partOf(signer, found), partOf(signer, withHostsOf(found, wanted)));
  if (differences.length > 0) {
    const lines = differences.map((difference) => `\n  ${difference}`).join("");
    throw new Error(
      `stack ${stack}: found outputs of the last up that are older than the config; run npm run up -- --stack ${stack} first; nothing was written${lines}`,
    );
  }
  const { signerEndpoints, knownHosts, signers } = outputsSchema.parse(found);
  const { device, mains, ups, uplinks, ...rest } = signers[signer] as z.infer<typeof signerSchema>;
  return {
    stack,
    signer,
    endpoints: signerEndpoints.map(({ host, ...endpoint }) => ({ host: host as string, ...endpoint })),
    knownHosts: knownHosts as string,
    ...rest,
    device: { kind: device.kind, ...(device.url !== undefined && { url: device.url }) },
    ...(mains && { mains }),
    ...(ups !== undefined && { ups }),
    ...(uplinks && { uplinks }),
  };
}

/** The outputs as JSON has them, and so a state. */
function plain(outputs: Outputs): Partial<KitOutputs> {
  return JSON.parse(JSON.stringify(outputs)) as Partial<KitOutputs>;
}

/** The config's outputs with the hosts of others, if only a cloud knows them. */
function withHostsOf({ signerEndpoints = [], knownHosts }: Partial<KitOutputs>, config: KitOutputs): KitOutputs {
  const isKnown = config.signerEndpoints.every(({ host }) => host !== undefined);
  if (isKnown || signerEndpoints.length !== config.signerEndpoints.length) return config;
  const endpoints = config.signerEndpoints.map((each, i) => ({ host: signerEndpoints[i]?.host, ...each }));
  const known = config.signerEndpoints.flatMap(({ host }) => host ?? []);
  // The config's lines are the same but for these hosts.
  const lines = (config.knownHosts ?? "").split("\n").map((line, i) => {
    const name = knownHosts?.split("\n")[i]?.split(" ")[0] || signerEndpoints[0]?.host || "";
    return line.replace(/^\S+/, (own) => (known.includes(own) ? own : name));
  });
  return { ...config, signerEndpoints: endpoints, knownHosts: config.knownHosts && lines.join("\n") };
}

/** What of a stack's outputs concerns one signer. */
function partOf(signer: string, { signerEndpoints, knownHosts, signers }: Partial<KitOutputs>): unknown {
  const outputs = Object.entries(signers?.[signer] ?? {});
  const needed = Object.fromEntries(outputs.filter(([name]) => Object.hasOwn(signerSchema.shape, name)));
  return { signerEndpoints, knownHosts, signers: { [signer]: { authorizedKeys: [], ...needed } } };
}

/** The places where two values differ, with both of them. */
function differencesOf(found: unknown, wanted: unknown, path: readonly string[] = []): string[] {
  if (isDeepStrictEqual(found, wanted)) return [];
  if (isObject(found) && isObject(wanted)) {
    const keys = Object.keys({ ...wanted, ...found });
    return keys.flatMap((key) => differencesOf(found[key], wanted[key], [...path, key]));
  }
  return [`${path.join(".")}: found ${showValue(found)}, wanted ${showValue(wanted)}`];
}

function isObject(value: unknown): value is Outputs {
  return value instanceof Object && !Array.isArray(value);
}

/** All of it is public. A text may have several lines. */
function showValue(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
