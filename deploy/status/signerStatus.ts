import { type Sample, samplesOf, sampleValue } from "../observe/exposition.ts";
import type { HostPage } from "../observe/hostPage.ts";
import { quantileOf } from "../observe/quantile.ts";

/** The state of one signer. What is not known is missing. Times are in seconds. */
export type SignerStatus = {
  readonly signer: string;
  readonly tunnel: {
    readonly isUp: boolean;
    /** How long the session has been open. */
    readonly seconds?: number;
    /** At how many replicas of the forwarder it has a tunnel, if there are several. */
    readonly replicas?: { readonly up: number; readonly all: number };
  };
  /** `ready`, the wrapper's word for why it can't sign, `not ready` without such a word, or `unknown`. */
  readonly device: string;
  /** The uplink that the host uses, by its wrapper. */
  readonly uplink?: { readonly interface: string; readonly kind: string; readonly isMetered?: boolean };
  /** The power of the host, by its wrapper. */
  readonly power?: {
    readonly isOnMains?: boolean;
    /** The charge of the emptiest battery, from 0 to 1. */
    readonly battery?: number;
  };
  readonly lastSignature?: {
    readonly key: string;
    readonly kind: string;
    /** Its level, by the host's wrapper. */
    readonly level?: number;
    /** How long ago it was. */
    readonly seconds: number;
  };
  /** How long signatures took since the forwarder started. Missing if there was none. */
  readonly latency?: { readonly p50: number; readonly p99: number };
  /** Requests for a signature since the forwarder started. */
  readonly requests: number;
  /** Those without a signature. */
  readonly errors: number;
  /** Those by their cause. */
  readonly causes: Readonly<Record<string, number>>;
  /** Requests that the gateway rejected, by their reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Why nothing is known of its host, if so. */
  readonly host?: string;
};

/** The signers of a page of metrics, in their order. */
export function signersIn(metrics: readonly Sample[]): string[] {
  return samplesOf(metrics, "signer_tunnel_up")
    .flatMap(({ labels }) => labels.signer ?? [])
    .sort();
}

/** The state of one signer, from the forwarder's metrics and the page of its host, if it was asked. `now` is in milliseconds. */
export function statusOf(
  signer: string,
  metrics: readonly Sample[],
  page: HostPage | undefined,
  now: number,
): SignerStatus {
  const host = page && "samples" in page ? page.samples : [];
  const own = { signer };
  const isUp = sampleValue(metrics, "signer_tunnel_up", own) === 1;
  const start = sampleValue(metrics, "signer_tunnel_start_time_seconds", own);
  const buckets = samplesOf(metrics, "signer_request_duration_seconds_bucket", own);
  const [p50, p99] = [quantileOf(0.5, buckets), quantileOf(0.99, buckets)];
  const uplink = uplinkOf(host);
  const power = powerOf(host);
  const lastSignature = lastSignatureOf(signer, metrics, host, now);
  const causes = sums(samplesOf(metrics, "signer_request_errors_total", own), "cause");
  return {
    signer,
    tunnel: { isUp, ...(start !== undefined && { seconds: now / 1000 - start }) },
    device: deviceOf(signer, metrics, host),
    ...(uplink && { uplink }),
    ...(power && { power }),
    ...(lastSignature && { lastSignature }),
    ...(p50 !== undefined && p99 !== undefined && { latency: { p50, p99 } }),
    requests: sumOf(samplesOf(metrics, "signer_requests_total", own)),
    errors: sumOf(samplesOf(metrics, "signer_request_errors_total", own)),
    causes,
    refused: sums(samplesOf(metrics, "signer_refused_requests_total", own), "reason"),
    ...(page && "missing" in page && { host: page.missing }),
  };
}

/** What is known of the device. octez-signer alone says nothing of it, so `ready` is then as far as the gateway knows. */
function deviceOf(signer: string, metrics: readonly Sample[], host: readonly Sample[]): string {
  if (sampleValue(metrics, "signer_answers", { signer }) !== 1) return "unknown";
  if (sampleValue(metrics, "signer_device_ready", { signer }) === 1) return "ready";
  // The host's page may be older.
  return stateOfDevice(host) ?? "not ready";
}

/** The wrapper's word for a device that can't sign. */
export function stateOfDevice(host: readonly Sample[]): string | undefined {
  const state = samplesOf(host, "signer_host_device_state").find(({ value }) => value === 1)?.labels.state;
  return state === "ready" ? undefined : state;
}

function uplinkOf(host: readonly Sample[]): SignerStatus["uplink"] {
  const active = samplesOf(host, "signer_host_uplink_active").find(({ value }) => value === 1);
  if (!active) return undefined;
  const { interface: name = "", kind = "" } = active.labels;
  const metered = sampleValue(host, "signer_host_uplink_metered");
  return { interface: name, kind, ...(metered !== undefined && { isMetered: metered === 1 }) };
}

function powerOf(host: readonly Sample[]): SignerStatus["power"] {
  const mains = sampleValue(host, "signer_host_mains_online");
  const batteries = samplesOf(host, "signer_host_battery_ratio").map(({ value }) => value);
  if (mains === undefined && batteries.length === 0) return undefined;
  return {
    ...(mains !== undefined && { isOnMains: mains === 1 }),
    ...(batteries.length > 0 && { battery: Math.min(...batteries) }),
  };
}

function lastSignatureOf(
  signer: string,
  metrics: readonly Sample[],
  host: readonly Sample[],
  now: number,
): SignerStatus["lastSignature"] {
  const times = samplesOf(metrics, "signer_last_signature_timestamp_seconds", { signer });
  const newest = times.sort((a, b) => b.value - a.value)[0];
  if (!newest) return undefined;
  const { key = "", kind = "" } = newest.labels;
  const level = sampleValue(host, "signer_host_last_signature_level", { key, kind });
  return { key, kind, ...(level !== undefined && { level }), seconds: now / 1000 - newest.value };
}

function sumOf(samples: readonly Sample[]): number {
  return samples.reduce((sum, { value }) => sum + value, 0);
}

/** The sums of samples by one of their labels, without those that are zero. */
function sums(samples: readonly Sample[], label: string): Record<string, number> {
  const values = [...new Set(samples.flatMap(({ labels }) => labels[label] ?? []))].sort();
  const entries = values.map((value): [string, number] => [
    value,
    sumOf(samples.filter(({ labels }) => labels[label] === value)),
  ]);
  return Object.fromEntries(entries.filter(([, sum]) => sum > 0));
}
