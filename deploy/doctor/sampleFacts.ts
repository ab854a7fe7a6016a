import { parseExposition } from "../observe/exposition.ts";
import type { ConfigFacts, Facts } from "./facts.ts";

/** When the sample's facts were found out. */
const sampleNow = Date.parse("2026-11-28T12:00:00Z");
export const sampleKey = "tz1fv55cpdomJVPYA5M6BeUhqs9M1DbRB79A";
export const sampleFingerprint = "SHA256:iYXqsgAwzrKuUZb8NZFfhOlv0hoJSdisp7lutfoGa1s";
const seconds = sampleNow / 1000;

/** The forwarder's metrics of a signer that is well. */
export const sampleMetrics: Readonly<Record<string, number>> = {
  'signer_tunnel_up{signer="home"}': 1,
  'signer_tunnel_start_time_seconds{signer="home"}': seconds - 7200,
  'signer_answers{signer="home"}': 1,
  'signer_device_ready{signer="home"}': 1,
  'signer_check_duration_seconds{signer="home"}': 0.031,
  [`signer_last_signature_timestamp_seconds{signer="home",key="${sampleKey}",kind="attestation"}`]: seconds - 4,
};

/** The page of a host that is well. */
export const sampleHost: Readonly<Record<string, number>> = {
  'signer_host_info{signer="home",stack="prod",version="0.2.0"}': 1,
  signer_host_daemon_up: 1,
  'signer_host_daemon_info{version="25.2"}': 1,
  signer_host_device_ready: 1,
  'signer_host_device_state{state="ready"}': 1,
  'signer_host_device_state{state="locked"}': 0,
  signer_host_clock_synchronized: 1,
  signer_host_clock_offset_seconds: -0.0004,
};

/** The page of a key that is well. */
export const sampleKeyPage = {
  key: sampleKey,
  known: true,
  device: "ready",
  since: "2026-11-28T10:00:00Z",
  watermark: { attestation: { level: 4711, round: 0 } },
};

export const sampleConfig: ConfigFacts = {
  kubectl: "kubectl --context my-cluster --namespace prod",
  isLocal: false,
  replica: 0,
  endpoint: { host: "signers.example.org", port: 22, alternatePorts: [443], isNodePort: false },
  hostKeys: ["ssh-ed25519 AAAApinned"],
  bakers: ["alice"],
  signers: [
    {
      name: "home",
      port: 8443,
      sshPort: 9443,
      device: "ledger",
      fingerprints: [sampleFingerprint],
      keys: [sampleKey],
      authorized: [],
      authorizedNext: [],
    },
  ],
};

const sampleReplica = "signer-forwarder-replica-0.prod.svc";

/** The metrics of a router that is well. */
export const sampleRouter: Readonly<Record<string, number>> = {
  [`router_replica_up{signer="home",replica="${sampleReplica}"}`]: 1,
  [`router_signer_ready{signer="home",replica="${sampleReplica}"}`]: 1,
  'router_chosen{port="home",signer="home"}': 1,
};

/** A page of metrics as text. */
export function pageOf(metrics: Readonly<Record<string, number>>): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${value}\n`)
    .join("");
}

/** The line of a request so many seconds ago, as `kubectl logs --timestamps` prints it. */
export function requestLine(secondsAgo: number, fields: Readonly<Record<string, unknown>> = {}): string {
  const time = new Date(sampleNow - secondsAgo * 1000).toISOString();
  const line = {
    time,
    signer: "home",
    key: sampleKey,
    kind: "attestation",
    level: 4711,
    round: 0,
    status: 200,
    ms: 41,
    cause: "",
  };
  return `${time} ${JSON.stringify({ ...line, ...fields })}`;
}

/** A line in words so many seconds ago. */
export function wordsLine(secondsAgo: number, text: string): string {
  return `${new Date(sampleNow - secondsAgo * 1000).toISOString()} signer-forwarder: ${text}`;
}

/** The facts of a stack that is well, with a kit on its one signer's host. */
export const sampleFacts: Facts = {
  stack: "prod",
  now: sampleNow,
  config: { value: sampleConfig },
  cluster: { value: true },
  pods: { value: [{ isReady: true, restarts: 0, seconds: 86_400 }] },
  serviceAddresses: { value: ["203.0.113.7"] },
  resolved: { value: ["203.0.113.7"] },
  ports: [22, 443].map((port) => ({ port, answer: { value: "SSH-2.0-OpenSSH_10.0" } })),
  shownKeys: { value: ["ssh-ed25519 AAAApinned"] },
  metrics: { value: parseExposition(pageOf(sampleMetrics)) },
  marks: { value: [`${sampleKey} NetXdQprcVkpaWU attestation level 4711 round 0, at 2026-11-28T11:59:56Z`] },
  log: { value: [wordsLine(7200, "home: connected from 203.0.113.9:4711 SHA256:…"), requestLine(10), requestLine(4)] },
  routers: [
    {
      baker: "alice",
      metrics: { value: parseExposition(pageOf(sampleRouter)) },
      log: { value: [requestLine(10), requestLine(4)] },
    },
  ],
  octezTags: { value: ["octez-v25.2"] },
  bytes: { value: 11_000_000 },
  hosts: {
    home: {
      health: { value: { status: 200, text: pageOf(sampleHost) } },
      authorized: { value: { status: 200, text: "{}\n" } },
      keys: { [sampleKey]: { value: { status: 200, text: JSON.stringify(sampleKeyPage) } } },
    },
  },
};
