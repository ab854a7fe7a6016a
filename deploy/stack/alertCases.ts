// For tests: for each alert the series with which it fires, and some with which it does not.

/** A series with its values each 15 s, in promtool's notation (`0+1x40`, `_` for none, `stale`). */
export type Series = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly values: string;
};
/** A moment at which an alert of the stack `prod` fires with these labels, or without them does not. */
export type AlertCase = {
  readonly series: readonly Series[];
  readonly at: string;
  readonly labels?: Readonly<Record<string, string>>;
};

type Labels = Readonly<Record<string, string>>;

/** The labels of a target of a PodMonitor, as the Prometheus operator makes them. */
const target = {
  namespace: "prod",
  job: "prod/signer-forwarder",
  pod: "signer-forwarder-5d8c7b9f4-x2x7k",
  container: "forwarder",
  endpoint: "monitoring",
  instance: "10.244.0.7:8404",
};
const key = "tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6";
const home = { signer: "home" };
const series = (name: string, labels: Labels, values: string): Series => ({ name, labels, values });
/** A series of the forwarder's page, or of a host's, whose target has the label `signer`. */
const of = (name: string, labels: Labels, values: string): Series => series(name, { ...target, ...labels }, values);
/** The labels of an alert that keeps those of its series. */
const all = (labels: Labels): Labels => ({ ...target, ...labels });
const nextPod = { pod: "signer-forwarder-5d8c7b9f4-aaaaa", instance: "10.244.0.8:8404" };

/** The buckets of signatures that take between two bounds, one each 15 s. */
function histogram(least: number, most: number, counts = "0+1x60"): Series[] {
  const bounds = [0.5, 1, 2, 3, 6, Number.POSITIVE_INFINITY];
  return bounds.map((bound) => {
    const le = bound === Number.POSITIVE_INFINITY ? "+Inf" : String(bound);
    const labels = { ...home, key, kind: "attestation", le };
    return of(
      "signer_request_duration_seconds_bucket",
      labels,
      bound <= least ? "0x60" : bound >= most ? counts : "0x60",
    );
  });
}

const requests = (values: string, labels: Labels = home): Series =>
  of("signer_requests_total", { ...labels, key, kind: "attestation" }, values);
/** The same of the router in a baker's pod. */
const atRouter = (values: string): Series =>
  series(
    "router_requests_total",
    { namespace: "prod", pod: "baker-alice-0", ...home, key, kind: "attestation" },
    values,
  );
/** How often it has crashed. */
const crashes = (values: string): Series =>
  series("router_crashes_total", { namespace: "prod", pod: "baker-alice-0" }, values);
const lastSignature = (values: string, labels: Labels = home): Series =>
  of("signer_last_signature_timestamp_seconds", { ...labels, key, kind: "attestation" }, values);
const gauges = (values: Readonly<Record<string, string>>): Series[] =>
  Object.entries(values).map(([name, text]) => of(name, home, text));
/** Gauges of a signer at two pods of the forwarder. */
const atTwo = (values: Readonly<Record<string, readonly [string, string]>>): Series[] =>
  Object.entries(values).flatMap(([name, texts]) =>
    texts.map((text, i) => of(name, { ...home, ...(i === 1 && nextPod) }, text)),
  );
const baker = (container: string, values: string): Series =>
  series("kube_pod_container_status_ready", { namespace: "prod", pod: "baker-alice-0", container, uid: "1" }, values);
/** A series of a baker's page, as a PodMonitor has it. */
const node = (name: string, container: string, values: string, labels: Labels = {}): Series =>
  series(name, { namespace: "prod", job: "prod/baker-alice", pod: "baker-alice-0", container, ...labels }, values);
const nodeLabels = (container: string, labels: Labels = {}): Labels => ({
  job: "prod/baker-alice",
  pod: "baker-alice-0",
  container,
  ...labels,
});
const chain = { chain_id: "NetXdQprcVkpa" };
const synchronised = (values: string): Series =>
  node("octez_validator_chain_synchronisation_status", "octez-node", values, chain);
const head = (values: string): Series => node("octez_validator_chain_head_level", "octez-node", values, chain);
const attested = (values: string): Series =>
  node("dal_node_attested_slot_for_baker_per_level_ratio", "octez-dal-node", values, { attester: key });
const volume = (available: string): Series[] =>
  Object.entries({ available, capacity: "100x40" }).map(([name, values]) =>
    series(`kubelet_volume_stats_${name}_bytes`, { namespace: "prod", ...dalVolume }, values),
  );
const dalVolume = { persistentvolumeclaim: "baker-alice-dal", node: "n1" };

export const alertCases: Readonly<Record<string, Readonly<Record<string, AlertCase>>>> = {
  SignerTunnelDown: {
    "when a tunnel is down for two levels": {
      series: gauges({ signer_tunnel_up: "1 1 0x9" }),
      at: "42s",
      labels: home,
    },
    "when it is down for one": { series: gauges({ signer_tunnel_up: "1 1 0x9" }), at: "36s" },
    "when it is at one of two pods alone": { series: atTwo({ signer_tunnel_up: ["0x9", "1x9"] }), at: "60s" },
    "when it is at none of two pods": {
      series: atTwo({ signer_tunnel_up: ["0x9", "1 0x9"] }),
      at: "30s",
      labels: home,
    },
    "when it is back": { series: gauges({ signer_tunnel_up: "1 1 0 0 1x9" }), at: "60s" },
  },
  SignerDoesNotAnswer: {
    "when nothing answers behind the tunnel": {
      series: gauges({ signer_tunnel_up: "1x9", signer_answers: "1 0x9" }),
      at: "30s",
      labels: home,
    },
    "when something answers behind its tunnel at one of two pods": {
      series: atTwo({ signer_tunnel_up: ["0x9", "1x9"], signer_answers: ["0x9", "1x9"] }),
      at: "60s",
    },
    "when there is no tunnel, which is another alert": {
      series: gauges({ signer_tunnel_up: "0x9", signer_answers: "0x9" }),
      at: "60s",
    },
  },
  DeviceCannotSign: {
    "when the host says so, or the device is silent": {
      series: gauges({ signer_answers: "1x9", signer_device_ready: "1 0x9" }),
      at: "30s",
      labels: home,
    },
    "when one of two pods has no tunnel, and the other knows that it can": {
      series: atTwo({ signer_answers: ["0x9", "1x9"], signer_device_ready: ["0x9", "1x9"] }),
      at: "60s",
    },
    "when nothing answers, which is another alert": {
      series: gauges({ signer_answers: "0x9", signer_device_ready: "0x9" }),
      at: "60s",
    },
    "when the device can sign": { series: gauges({ signer_answers: "1x9", signer_device_ready: "1x9" }), at: "60s" },
  },
  SignerOnBattery: {
    "without mains power": { series: gauges({ signer_host_mains_online: "1 0x9" }), at: "18s", labels: all(home) },
    "with mains power": { series: gauges({ signer_host_mains_online: "0 1x9" }), at: "18s" },
    "at a host that does not know": { series: [], at: "60s" },
  },
  SignerBatteryLow: {
    "below a quarter": {
      series: [of("signer_host_battery_ratio", { ...home, battery: "BAT0" }, "0.3 0.24x9")],
      at: "18s",
      labels: all({ ...home, battery: "BAT0" }),
    },
    "at a quarter": { series: [of("signer_host_battery_ratio", { ...home, battery: "BAT0" }, "0.25x9")], at: "60s" },
  },
  SignerUplinkMetered: {
    "on a metered uplink": { series: gauges({ signer_host_uplink_metered: "0 1x9" }), at: "18s", labels: all(home) },
    "on another": { series: gauges({ signer_host_uplink_metered: "0x9" }), at: "60s" },
  },
  SignaturesSlow: {
    "when signatures take more than 2 s for 5 minutes": {
      series: histogram(2, 3),
      at: "6m",
      labels: { ...home, key },
    },
    "before the 5 minutes are over": { series: histogram(2, 3), at: "4m" },
    "when they take less": { series: histogram(1, 2), at: "10m" },
    "when there is one such signature": { series: histogram(2, 3, "0x10 1x50"), at: "7m" },
  },
  SignatureErrors: {
    "with the first error, as its series begins": {
      series: [of("signer_last_error_timestamp_seconds", { ...home, cause: "device absent" }, "_ _ _ _ 60x40")],
      at: "60s",
      labels: { ...home, cause: "device absent" },
    },
    "5 minutes later": {
      series: [of("signer_last_error_timestamp_seconds", { ...home, cause: "device absent" }, "_ _ _ _ 60x40")],
      at: "6m",
    },
  },
  GuardRejects: {
    "with the first second signature that is asked for": {
      series: [of("signer_last_refusal_timestamp_seconds", { ...home, reason: "watermark" }, "_ _ _ _ 60x40")],
      at: "60s",
      labels: { ...home, reason: "watermark" },
    },
    "with a path that nobody needs": {
      series: [of("signer_last_refusal_timestamp_seconds", { ...home, reason: "path" }, "_ _ _ _ 60x40")],
      at: "60s",
    },
  },
  KeyDoesNotSign: {
    "when the last signature is 10 minutes old": {
      series: [requests("0+2x80"), lastSignature("0 15 30 30x80")],
      at: "10m30s",
      labels: { key },
    },
    "when there was none, and the first request fails": {
      series: [requests("0 0 0 0 1x40")],
      at: "60s",
      labels: { key },
    },
    "when requests end at the router": { series: [atRouter("0+2x80")], at: "20m", labels: { key } },
    "when it is younger": { series: [requests("0+2x80"), lastSignature("0 15 30 30x80")], at: "10m24s" },
    "when another device signs": {
      series: [
        requests("0+2x80"),
        lastSignature("0 15 30 30x80"),
        requests("0+1x80", { signer: "office" }),
        lastSignature("_ _ 30+15x80", { signer: "office" }),
      ],
      at: "15m",
    },
    "when nothing is asked for": { series: [requests("2x80"), lastSignature("0x80")], at: "15m" },
    "when a forwarder has just begun, and the one before had a signature": {
      series: [
        requests("0+2x20 stale"),
        lastSignature("0+15x20 stale"),
        requests("_x21 0 0 1 2x20", { ...home, ...nextPod }),
      ],
      at: "6m",
    },
  },
  KeyNotAsked: {
    "when the last request is 10 minutes old": { series: [requests("0+1x40 40x80")], at: "20m30s", labels: { key } },
    "since the forwarder's start": { series: [requests("0x80")], at: "10m30s", labels: { key } },
    "when it is younger": { series: [requests("0+1x40 40x80")], at: "19m30s" },
    "when requests end at the router": { series: [requests("0+1x40 40x80"), atRouter("0+2x120")], at: "20m30s" },
    "when the fall-back device is asked": {
      series: [requests("0x120"), requests("0+1x120", { signer: "office" })],
      at: "20m",
    },
    "for a key that was added a moment ago": { series: [requests("_x60 0x60")], at: "20m" },
    "when the forwarder before was asked": {
      series: [requests("0+1x40 stale"), requests("_x41 0x60", { ...home, ...nextPod })],
      at: "14m",
    },
  },
  TwoHostsOneKey: {
    "when two hosts take the ports from each other": {
      series: [of("signer_tunnel_takeovers_total", home, "0+12x20")],
      at: "60s",
      labels: all(home),
    },
    "when a bad link has a host dial again": {
      series: [of("signer_tunnel_takeovers_total", home, "0 1 2 2 3 4 5 6 6x9")],
      at: "2m",
    },
  },
  RouterCrashed: {
    "when it was started again": {
      series: [crashes("0x4 1x20")],
      at: "90s",
      labels: { pod: "baker-alice-0" },
    },
    "when that was more than an hour ago": { series: [crashes("0x4 1x300")], at: "62m" },
    "when a new container counts anew": { series: [crashes("1x4 0x20")], at: "3m" },
  },
  HostKeyChanges: {
    "while there is a next host key": {
      series: [of("signer_forwarder_next_host_key", {}, "0 1x9")],
      at: "18s",
      labels: {},
    },
    "while there is none": { series: [of("signer_forwarder_next_host_key", {}, "0x9")], at: "60s" },
  },
  ForwarderNotScraped: {
    "when its series have ended, or have never been": {
      series: [of("signer_forwarder_next_host_key", {}, "0 stale")],
      at: "78s",
      labels: {},
    },
    "within a minute": { series: [of("signer_forwarder_next_host_key", {}, "0 stale")], at: "72s" },
    "while it is scraped": { series: [of("signer_forwarder_next_host_key", {}, "0x20")], at: "3m" },
  },
  BakerCannotWrite: {
    "when octez-baker is not ready for a minute": {
      series: [baker("octez-baker", "1 0x20")],
      at: "78s",
      labels: { pod: "baker-alice-0", container: "octez-baker", uid: "1" },
    },
    "when octez-node is not ready, as while it syncs": {
      series: [baker("octez-baker", "1x20"), baker("octez-node", "0x20")],
      at: "3m",
    },
  },
  OctezNodeBehind: {
    "when the node is not synchronised for a minute": {
      series: [synchronised("1 0x20"), head("0+2x21")],
      at: "78s",
      labels: nodeLabels("octez-node", chain),
    },
    "when its chain stands still": {
      series: [synchronised("1 2x20"), head("0+2x21")],
      at: "78s",
      labels: nodeLabels("octez-node", chain),
    },
    "when it has had no block for two minutes, whatever it says": {
      series: [synchronised("1x40"), head("0+2x10 20x30")],
      at: "6m",
      labels: nodeLabels("octez-node", chain),
    },
    "when a round takes long": { series: [synchronised("1x40"), head("0+2x10 20 20 20 20 21+2x20")], at: "5m" },
    "when it is back within a minute": { series: [synchronised("1 0 0 0 1x20"), head("0+2x24")], at: "90s" },
  },
  OctezNodeFewPeers: {
    "when it has four peers for 5 minutes": {
      series: [node("octez_p2p_connections_active", "octez-node", "4x40")],
      at: "5m6s",
      labels: nodeLabels("octez-node"),
    },
    "when it has five": { series: [node("octez_p2p_connections_active", "octez-node", "5x40")], at: "9m" },
  },
  DalNodeNotConnected: {
    "when it has no peer for 5 minutes": {
      series: [node("dal_gs_count_connections", "octez-dal-node", "0x40")],
      at: "5m6s",
      labels: nodeLabels("octez-dal-node"),
    },
    "when it is down, and has no page": {
      series: [baker("octez-dal-node", "0x40")],
      at: "5m6s",
      labels: { pod: "baker-alice-0", container: "octez-dal-node", uid: "1" },
    },
    "when it restarts": {
      series: [
        node("dal_gs_count_connections", "octez-dal-node", "20 _ _ _ 0 3 20x30"),
        baker("octez-dal-node", "1 0 0 0 1x30"),
      ],
      at: "6m",
    },
    "when another program of the pod is not ready": {
      series: [node("dal_gs_count_connections", "octez-dal-node", "20x40"), baker("octez-node", "0x40")],
      at: "9m",
    },
  },
  DalAttestationsMissing: {
    "when too few slots are attested for an hour": {
      series: [attested("0.6x320")],
      at: "75m",
      labels: { ...nodeLabels("octez-dal-node"), attester: key },
    },
    "when enough are": { series: [attested("0.64x320")], at: "79m" },
    "when there was one bad level, and others had no slot": {
      series: [attested(`1x100 0x4 ${Array(100).fill("NaN").join(" ")} 1x100`)],
      at: "75m",
    },
  },
  VolumeNearlyFull: {
    "below a tenth": { series: volume("9x40"), at: "5m6s", labels: dalVolume },
    "at a tenth": { series: volume("10x40"), at: "9m" },
  },
};
