// Takes a snapshot of the baker's base dir, and removes those beyond the ones to keep, their data included. A snapshot
// that is kept outlives its namespace: its policy is Retain whatever its class says, and Delete only once it may go.
// None is removed before a newer one is ready.

type VolumeSnapshot = {
  metadata: { name: string };
  status?: { readyToUse?: boolean; boundVolumeSnapshotContentName?: string; error?: { message?: string } };
};

const { CLAIM, CLASS_NAME, KEEP, NAMESPACE, RELEASE } = process.env as Record<string, string>;
const token = "/var/run/secrets/kubernetes.io/serviceaccount/token";
const api = "https://kubernetes.default.svc/apis/snapshot.storage.k8s.io/v1";
const contents = `${api}/volumesnapshotcontents`;
const snapshots = `${api}/namespaces/${NAMESPACE}/volumesnapshots`;
const labels = { "app.kubernetes.io/name": "baker", "app.kubernetes.io/instance": `${RELEASE}` };

async function call(method: string, url: string, body?: unknown): Promise<unknown> {
  const { readFileSync } = await import("node:fs");
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${readFileSync(token, "utf8")}`,
      "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json",
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  if (method === "DELETE" && response.status === 404) return undefined;
  const hint = method === "POST" && response.status === 404 ? " (this cluster has no snapshot API)" : "";
  throw new Error(`${method} ${url}: found ${response.status}${hint}: ${text}`);
}

async function setPolicy(content: string | undefined, deletionPolicy: "Retain" | "Delete"): Promise<void> {
  if (content) await call("PATCH", `${contents}/${content}`, { spec: { deletionPolicy } });
}

// 20261123-120000: names sort by age, also those of snapshots that were brought back after a disaster.
const name = `${RELEASE}-${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-")}`;
await call("POST", snapshots, {
  apiVersion: "snapshot.storage.k8s.io/v1",
  kind: "VolumeSnapshot",
  metadata: { name, labels },
  spec: {
    ...(CLASS_NAME && { volumeSnapshotClassName: CLASS_NAME }),
    source: { persistentVolumeClaimName: CLAIM },
  },
});
console.log(`${name}: taking a snapshot of ${CLAIM}`);

let said = "";
for (;;) {
  const { status = {} } = (await call("GET", `${snapshots}/${name}`)) as VolumeSnapshot;
  if (status.readyToUse) {
    await setPolicy(status.boundVolumeSnapshotContentName, "Retain");
    break;
  }
  // It may pass: the driver tries again, and the Job's deadline ends what does not.
  const { message = "" } = status.error ?? {};
  if (message && message !== said) console.log(`${name}: ${message}`);
  said = message;
  await new Promise((resolve) => setTimeout(resolve, 1000));
}
console.log(`${name}: ready`);

const selector = Object.entries(labels).map((pair) => pair.join("="));
const list = await call("GET", `${snapshots}?labelSelector=${encodeURIComponent(selector.join(","))}`);
const { items } = list as { items: VolumeSnapshot[] };
const newestFirst = items.sort((a, b) => (a.metadata.name < b.metadata.name ? 1 : -1));
const ready = newestFirst.filter(({ status }) => status?.readyToUse);
// Those that never became ready are left from runs that failed.
const failed = newestFirst.filter((snapshot) => !ready.includes(snapshot) && snapshot.metadata.name < name);
for (const { metadata, status } of [...ready.slice(Number(KEEP)), ...failed]) {
  await setPolicy(status?.boundVolumeSnapshotContentName, "Delete");
  await call("DELETE", `${snapshots}/${metadata.name}`);
  console.log(`${metadata.name}: removed`);
}
