import { z } from "zod";
import { type Sample, sampleValue } from "../observe/exposition.ts";
import { type LoggedRequest, type LogLine, linesIn, requestsIn, wordsIn } from "../observe/forwarderLog.ts";
import { readHostPage } from "../observe/hostPage.ts";
import { valueIn } from "./answer.ts";
import type { ConfigFacts, Facts, PageAnswer, SignerConfigFacts } from "./facts.ts";
import { type Call, lastCall } from "./lastCall.ts";

const markSchema = z.object({ level: z.number(), round: z.number() });

/** The page of a key, as the wrapper has it. What it does not know is missing. */
const keyPageSchema = z.object({
  known: z.boolean().optional(),
  device: z.string().optional(),
  since: z.string().optional(),
  watermark: z.record(z.string(), markSchema).optional(),
});

type KeyPage = z.infer<typeof keyPageSchema>;
/** A level and round, by which a device or the guard knows what it has let through. */
export type Mark = z.infer<typeof markSchema>;

/** How far back lines of the log tell of now, in milliseconds: twenty levels. */
export const recentMs = 120_000;

/** All that is known of one signer. */
export type SignerView = {
  readonly facts: Facts;
  readonly config: ConfigFacts;
  readonly signer: SignerConfigFacts;
  readonly metrics: readonly Sample[];
  readonly isUp: boolean;
  readonly words: readonly LogLine[];
  /**
   * The requests for signatures that went to this signer or came to its port, and those rejected, oldest first: as the
   * bakers' routers have them, or the forwarder if no router tells.
   */
  readonly requests: readonly LoggedRequest[];
  /** Those that reached the forwarder. */
  readonly passed: readonly LoggedRequest[];
  readonly call: Call;
  /** What its wrapper says of the host, empty without one. */
  readonly host: readonly Sample[];
  /** Why its wrapper says nothing. */
  readonly hostIsMissing?: string;
  /** The addresses of the keys whose requests its daemon signs. Missing if that is not known. */
  readonly authorized?: readonly string[] | "anybody";
  /** The page of each key, by its address. */
  readonly keyPages: Readonly<Record<string, KeyPage | undefined>>;
};

/** What the logs have about all signers: the forwarder's, and those of the bakers' routers. */
export type LogView = Pick<SignerView, "words" | "requests" | "passed">;

/** Reads the logs. */
export function readLogs({ log, routers = [] }: Pick<Facts, "log" | "routers">): LogView {
  const lines = linesIn(valueIn(log) ?? []);
  const isOfSignature = ({ kind, refused }: LoggedRequest) => signatureKinds.includes(kind) || refused !== "";
  const passed = requestsIn(lines).filter(isOfSignature);
  const told = routers.flatMap((router) => valueIn(router.log) ?? []);
  const ofRouters = requestsIn(linesIn(told))
    .filter(isOfSignature)
    .sort((a, b) => a.timeMs - b.timeMs);
  return { words: wordsIn(lines), requests: told.length > 0 ? ofRouters : passed, passed };
}

const signatureKinds = ["block", "preattestation", "attestation"];

/** Puts together what is known of a signer. */
export function viewOf(facts: Facts, config: ConfigFacts, signer: SignerConfigFacts, log: LogView): SignerView {
  const { name, fingerprints } = signer;
  const { words } = log;
  const metrics = valueIn(facts.metrics) ?? [];
  const pages = facts.hosts?.[name];
  const health = valueIn(pages?.health);
  const host = health && readHostPage(health);
  const missing = host ? "missing" in host && host.missing : "its page did not come";
  return {
    facts,
    config,
    signer,
    metrics,
    isUp: sampleValue(metrics, "signer_tunnel_up", { signer: name }) === 1,
    words,
    requests: log.requests.filter((line) => line.signer === name),
    passed: log.passed.filter((line) => line.signer === name),
    call: lastCall(words, name, fingerprints),
    host: host && "samples" in host ? host.samples : [],
    ...(missing && { hostIsMissing: missing }),
    ...readAuthorized(pages?.authorized),
    keyPages: Object.fromEntries(
      Object.entries(pages?.keys ?? {}).map(([address, answer]) => [address, readKeyPage(answer)]),
    ),
  };
}

/** Reads the page `/statusz/<key>`, which has status 200 or 503. Returns undefined for anything else. */
function readKeyPage(answer: PageAnswer): KeyPage | undefined {
  const page = valueIn(answer);
  if (!page || ![200, 503].includes(page.status)) return undefined;
  try {
    return keyPageSchema.safeParse(JSON.parse(page.text)).data;
  } catch {
    return undefined;
  }
}

const authorizedSchema = z.object({ authorized_keys: z.array(z.string()).optional() });

/** Reads the answer to `/authorized_keys`, which is an empty object if authentication is not required. */
function readAuthorized(answer?: PageAnswer): Pick<SignerView, "authorized"> {
  const page = valueIn(answer);
  if (page?.status !== 200) return {};
  try {
    const { data } = authorizedSchema.safeParse(JSON.parse(page.text));
    return data ? { authorized: data.authorized_keys ?? "anybody" } : {};
  } catch {
    return {};
  }
}
