import { z } from "zod";
import { bakerSchema, outsideBakerSchema, type BakerConfig as WrittenBaker } from "./bakerConfig.ts";
import { clusterSchema } from "./clusterConfig.ts";
import { ConfigError, type Problem, show, showKey } from "./configError.ts";
import { intFrom, objectOf } from "./configFields.ts";
import { problemsAcross } from "./configRules.ts";
import { type EndpointConfig, endpointSchema, type OneEndpoint, secondEndpointOf } from "./endpointConfig.ts";
import { imageSchema } from "./imageConfig.ts";
import { hostKey, seed } from "./keyFields.ts";
import { monitoringOf, monitoringSchema } from "./monitoringConfig.ts";
import { ownKeys, problemsOfOthersKeys } from "./othersKeys.ts";
import type { DalEndpointConfig } from "./p2pConfig.ts";
import { signerSchema } from "./signerConfig.ts";

export const schema = z.strictObject({
  cluster: clusterSchema,
  endpoint: endpointSchema.optional(),
  forwarder: z.strictObject({ replicas: intFrom(1, 2).default(1) }, objectOf).prefault({}),
  hostKey: hostKey.optional(),
  hostKeyFingerprint: z.string("the fingerprint of hostKey, as `ssh-keygen -l` prints it").optional(),
  nextHostKey: hostKey.optional(),
  authenticationSeed: seed.optional(),
  nextAuthenticationSeed: seed.optional(),
  signers: z.array(signerSchema, "a list of signers").default([]),
  bakers: z.array(bakerSchema, "a list of bakers").default([]),
  outsideBakers: z.array(outsideBakerSchema, "a list of bakers").default([]),
  monitoring: monitoringSchema.optional(),
  images: z
    .strictObject(
      { signerForwarder: imageSchema, router: imageSchema, octez: imageSchema, backup: imageSchema },
      objectOf,
    )
    .default({}),
});

/** A reserved address of Google's cloud, with its project and region. */
export type AddressConfig = NonNullable<EndpointConfig["address"]> & { project: string; region: string };
/** An endpoint whose reserved address, if it has one, is known with its place. */
type Placed<Config> = Omit<Config, "address"> & { address?: AddressConfig };
/** Where peers dial a baker's DAL node. */
type PlacedDalEndpoint = Placed<DalEndpointConfig>;
/** A baker as the config describes it. */
export type BakerConfig = Omit<WrittenBaker, "dal"> & { dal?: false | { endpoint?: PlacedDalEndpoint } };
/** A stack's whole config, checked. Secret are the `pem` of the two host keys, and the two seeds. */
export type StackConfig = Omit<z.output<typeof schema>, "endpoint" | "bakers"> & {
  endpoint?: Placed<OneEndpoint>;
  /** The endpoint of the forwarder's second replica, if it has one. */
  secondEndpoint?: Placed<OneEndpoint>;
  bakers: BakerConfig[];
};

/** The keys whose value must be encrypted in a stack's config, with the command that does it. */
const secrets: Readonly<Record<string, string>> = {
  hostKey: "host-key",
  nextHostKey: "host-key",
  authenticationSeed: "authentication-seed",
  nextAuthenticationSeed: "authentication-seed",
};
/** The keys whose value is a plain text instead of JSON. */
const texts = [...Object.keys(secrets), "hostKeyFingerprint"];

/**
 * Checks a stack's config.
 *
 * `values` has the program's own keys without the project's prefix and others' keys with theirs. The values are as
 * Pulumi passes them, with objects as JSON. `isSecret` tells whether a key's value is encrypted in the stored config.
 * Throws ConfigError with every problem found. No problem shows key material.
 */
export function parseConfig(
  stack: string,
  values: Record<string, string>,
  isSecret: (key: string) => boolean = () => true,
): StackConfig {
  const problems = problemsOfOthersKeys(Object.keys(values).filter((key) => key.includes(":")));
  const input: Record<string, unknown> = {};
  for (const [key, text] of Object.entries(values).filter(([key]) => !key.includes(":"))) {
    try {
      const value = !ownKeys.includes(key) || texts.includes(key) ? text : JSON.parse(text);
      if (!ownKeys.includes(key) || !isNothing(value)) input[key] = value;
    } catch {
      const found = text === "" ? "nothing" : "a plain text";
      problems.push({ path: key, found, wanted: "an object or a list" });
    }
  }
  for (const [key, command] of Object.entries(secrets)) {
    if (input[key] === undefined || isSecret(key)) continue;
    const wanted = `a secure value, from \`pulumi config set --secret\` or \`npm run -s ${command}\``;
    problems.push({ path: key, found: "a plain text", wanted });
  }
  if (!/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(stack) || /^(default$|kube-|system-)/.test(stack)) {
    const wanted = "a name that its namespace and its pods' priorities can have: not default, kube-… or system-…";
    problems.push({ path: "(the stack's name)", found: show(stack), wanted });
  }
  const result = schema.safeParse(input);
  const unread = new Set(problems.map((problem) => problem.path));
  const issues = result.error?.issues.flatMap((issue) => describe(issue, input)) ?? [];
  problems.push(...issues.filter((issue) => !unread.has(issue.path)), ...problemsAcross(input));
  if (problems.length > 0 || !result.data) throw new ConfigError(stack, problems);
  const monitoring = monitoringOf(result.data);
  return { ...withPlaces(result.data), ...(monitoring && { monitoring }) };
}

/** Whether it is Pulumi.yaml's default for a key that is not given. The CLI requires a key that has no default. */
function isNothing(value: unknown): boolean {
  return value === "" || (value instanceof Object && !Array.isArray(value) && Object.keys(value).length === 0);
}

/** Fills in the place of each reserved address, by default the project and region of the stack's own cluster. */
function withPlaces({ endpoint, bakers, ...config }: z.output<typeof schema>): StackConfig {
  const placed = <Config extends { address?: EndpointConfig["address"] }>({ address, ...rest }: Config) => {
    const { project = "", region = "" } = { ...config.cluster, ...address } as Partial<AddressConfig>;
    return { ...rest, ...(address && { address: { ...address, project, region } }) };
  };
  return {
    ...config,
    ...(endpoint && { endpoint: placed(firstOf(endpoint)) }),
    ...(endpoint && config.forwarder.replicas > 1 && { secondEndpoint: placed(secondEndpointOf(endpoint)) }),
    bakers: bakers.map(({ dal, ...baker }) => ({
      ...baker,
      ...(dal !== undefined && { dal: dal && { ...(dal.endpoint && { endpoint: placed(dal.endpoint) }) } }),
    })) as BakerConfig[],
  };
}

function firstOf({ second: _, ...first }: EndpointConfig): OneEndpoint {
  return first;
}

/** Turns a zod issue into problems: where it is, what was found and what is wanted. */
function describe(issue: z.core.$ZodIssue, input: unknown): Problem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: pathOf(issue.path),
      found: `an unknown key ${show(key)}`,
      wanted: "only keys of the config reference",
    }));
  }
  const found = issue.code === "custom" && issue.params?.found;
  const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], input);
  return [{ path: pathOf(issue.path), found: String(found || show(value)), wanted: issue.message }];
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : `${text}${text && "."}${showKey(String(key))}`),
    "",
  );
}
