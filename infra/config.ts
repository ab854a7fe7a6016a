import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { clusterSchema } from "./clusterConfig.ts";
import { ConfigError, type Problem, show } from "./configError.ts";
import { intFrom, label, nonEmpty, objectOf } from "./configFields.ts";
import { problemsAcross } from "./configRules.ts";
import { type EndpointConfig, endpointSchema } from "./endpointConfig.ts";
import { monitoringOf, monitoringSchema } from "./monitoringConfig.ts";
import { highestSignerPort } from "./ports.ts";
import { parseHostKey, parsePublicKey, SshKeyError, type SshPublicKey } from "./sshKey.ts";
import { addressOf, problemOfAddress, problemOfPublicKey } from "./tezosKey.ts";

/** Turns an SshKeyError into a problem of the field that is being checked. */
function parsedBy<T>(parse: (text: string) => T) {
  return (text: string, ctx: z.RefinementCtx<string>): T => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof SshKeyError)) throw error;
      ctx.addIssue({ code: "custom", message: error.wanted, params: { found: error.found } });
      return z.NEVER;
    }
  };
}

const wantedPort = `a whole number from 1024 to ${highestSignerPort}, because the port of its ssh is 1000 above`;
const signerPort = intFrom(1024, highestSignerPort, wantedPort);

const publicKey = z.string("one OpenSSH public key on one line").transform(parsedBy(parsePublicKey));

const signer = z.strictObject(
  {
    name: label(56),
    sshPublicKey: publicKey,
    nextSshPublicKey: publicKey.optional(),
    port: signerPort,
  },
  objectOf,
);

function tezosText(problem: (text: string) => string | undefined, wanted: string) {
  return z.string(wanted).superRefine((text, ctx) => {
    const message = problem(text);
    if (message) ctx.addIssue({ code: "custom", message });
  });
}

const wantedSigner = "the name of a signer of this stack, or a list of names in the order in which they are asked";
const signerName = nonEmpty(wantedSigner);
const bakerKey = z
  .strictObject(
    {
      name: label(63),
      address: tezosText(problemOfAddress, "a Tezos address"),
      publicKey: tezosText(problemOfPublicKey, "a Tezos public key"),
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

const wantedSchedule = "the five fields of cron, such as 17 3 * * *";
const wantedKeep = "a whole number of snapshots from 1 to 100";
const backup = z.strictObject(
  {
    schedule: z.string(wantedSchedule).regex(/^[0-9A-Za-z*/,?-]+( [0-9A-Za-z*/,?-]+){4}$/, wantedSchedule),
    keep: z.int(wantedKeep).min(1, wantedKeep).max(100, wantedKeep).optional(),
    snapshotClassName: nonEmpty("the name of a VolumeSnapshotClass").optional(),
  },
  objectOf,
);

const wantedQuantity = "a Kubernetes quantity such as 100Gi";
const baker = z.strictObject(
  {
    name: label(46),
    network: nonEmpty("a network that `octez-node config init --network` takes: mainnet, shadownet, a URL, …"),
    keys: z.array(bakerKey, "a list of keys").min(1, "at least one key"),
    liquidityBakingToggleVote: z.enum(["on", "off", "pass"], "on, off or pass").optional(),
    historyMode: nonEmpty("a history mode of octez-node, such as rolling or full:5").optional(),
    snapshotUrl: z.url({ protocol: /^https?$/, error: "an http or https URL of a snapshot" }).optional(),
    storage: z
      .strictObject(
        {
          size: z
            .string(wantedQuantity)
            .regex(/^[1-9]\d*(Mi|Gi|Ti|M|G|T)$/, wantedQuantity)
            .optional(),
          className: nonEmpty("the name of a StorageClass").optional(),
        },
        objectOf,
      )
      .optional(),
    backup: backup.optional(),
  },
  objectOf,
);

const image = z
  .strictObject(
    {
      repository: nonEmpty("an image's repository, such as registry.example.org/signer-forwarder").optional(),
      tag: z
        .string("an image's tag")
        .regex(/^(?!latest$)[\w][\w.-]{0,127}$/, "an image's tag that stays what it is (so not latest)")
        .optional(),
    },
    objectOf,
  )
  .optional();

const hostKey = z.string("an ssh private key, as a secret").transform(parsedBy(parseHostKey));

const schema = z.strictObject({
  cluster: clusterSchema,
  endpoint: endpointSchema.optional(),
  hostKey: hostKey.optional(),
  hostKeyFingerprint: z.string("the fingerprint of hostKey, as `ssh-keygen -l` prints it").optional(),
  nextHostKey: hostKey.optional(),
  signers: z.array(signer, "a list of signers").default([]),
  bakers: z.array(baker, "a list of bakers").default([]),
  monitoring: monitoringSchema.optional(),
  images: z.strictObject({ signerForwarder: image, octez: image, backup: image }, objectOf).default({}),
});

/** A home device: its keys open `port` and the port of its own ssh, nothing else. */
export type Signer = { name: string; sshPublicKey: SshPublicKey; nextSshPublicKey?: SshPublicKey; port: number };
/** A key that a baker signs with, and the signer that holds it, or several in their order. */
export type BakerKey = z.output<typeof bakerKey>;
/** A baker as the config describes it. */
export type BakerConfig = z.output<typeof baker>;
/** A reserved address of Google's cloud, where it is said. */
export type AddressConfig = NonNullable<EndpointConfig["address"]> & { project: string; region: string };
/** Everything that a stack's config says, checked. The `pem` of the two host keys is secret, nothing else. */
export type StackConfig = Omit<z.output<typeof schema>, "endpoint"> & {
  endpoint?: Omit<EndpointConfig, "address"> & { address?: AddressConfig };
};

const secrets = ["hostKey", "nextHostKey"];
/** The keys whose value is a text, and no JSON. */
const texts = [...secrets, "hostKeyFingerprint"];

/**
 * Checks a stack's config: keys without the project's prefix, values as Pulumi hands them over (objects as JSON), and
 * whether a key's value is encrypted where the config is kept.
 *
 * Throws ConfigError with every problem that there is; none of them shows key material.
 */
export function parseConfig(
  stack: string,
  values: Record<string, string>,
  isSecret: (key: string) => boolean = () => true,
): StackConfig {
  const problems: Problem[] = [];
  const input: Record<string, unknown> = {};
  for (const [key, text] of Object.entries(values)) {
    try {
      const value = texts.includes(key) ? text : JSON.parse(text);
      if (!isNothing(value)) input[key] = value;
    } catch {
      problems.push({ path: key, found: "a plain text", wanted: "an object or a list" });
    }
  }
  for (const key of secrets) {
    if (input[key] === undefined || isSecret(key)) continue;
    const wanted = "a secure value, from `pulumi config set --secret` or `npm run -s host-key`";
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
  return { ...withPlaceOfAddress(result.data), ...(monitoring && { monitoring }) };
}

/** Whether it is what Pulumi.yaml has for a key that is not given: the CLI takes one without a default for required. */
function isNothing(value: unknown): boolean {
  return value === "" || (value instanceof Object && !Array.isArray(value) && Object.keys(value).length === 0);
}

/** A reserved address is where the stack's own cluster is, unless it says otherwise. */
function withPlaceOfAddress({ endpoint, ...config }: z.output<typeof schema>): StackConfig {
  if (!endpoint) return config;
  const { address, ...rest } = endpoint;
  if (!address) return { ...config, endpoint: rest };
  const { project = "", region = "" } = { ...config.cluster, ...address } as Partial<AddressConfig>;
  return { ...config, endpoint: { ...rest, address: { ...address, project, region } } };
}

/** Of the SDK: whether a config key's value is encrypted. It is in the SDK's code and not in its types. */
const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret(key: string): boolean };

/** Reads and checks the config of the stack that is being deployed. */
export function loadConfig(): StackConfig {
  const prefix = `${pulumi.getProject()}:`;
  const all = Object.entries(pulumi.runtime.allConfig()).filter(([key]) => key.startsWith(prefix));
  return parseConfig(
    pulumi.getStack(),
    Object.fromEntries(all.map(([key, value]) => [key.slice(prefix.length), value])),
    (key) => isConfigSecret(prefix + key),
  );
}

/** Says of one zod issue where it is, what stands there and what is wanted. */
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
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key)),
    "",
  );
}
