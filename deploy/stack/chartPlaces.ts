// For tests: a config, and where the charts' values come from in it.

import { generateKeyPairSync } from "node:crypto";
import { parseHostKey } from "../../infra/keys/sshKey.ts";

/** A host key of the kind that is read fastest, because each of thousands of configs has it. */
export const hostKey = String(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }));
/** Its fingerprint. */
export const hostKeyFingerprint = parseHostKey(hostKey).fingerprint;
const signer = {
  name: "home",
  sshPublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICQRUWv/IFj9LhFlAiBNf2LpKS6FQJoGI37wOA48PHyK",
  nextSshPublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICQRUWv/IFj9LhFlAiBNf2LpKS6FQJoGI37wOA48AAAA",
  answerSeconds: 5,
  port: 8443,
};
const bakerKey = {
  name: "main",
  address: "tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx",
  publicKey: "edpkuBknW28nW72KG6RoHtYW7p12T6GKc7nAbwYX5m8Wd9sDVC9yav",
  signer: "home",
};
const otherKey = {
  name: "other",
  address: "tz1fv55cpdomJVPYA5M6BeUhqs9M1DbRB79A",
  publicKey: "edpku9tks4rKmTtjjcwTmMKYH18MamZgMxryTCQvFSDwEpMvXBoB9J",
  signer: "home",
};
const delegate = {
  address: "tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb",
  keys: { consensus: [bakerKey] },
};
const containers = ["node", "dalNode", "baker", "accuser"];
const quantities = { cpu: "500m", memory: "1Gi" };
/** A config with a good value at each place below. */
export const good = {
  cluster: { kind: "existing", context: "local", podCidrs: ["10.244.0.0/16", "fd00::/64"] },
  endpoint: {
    ...{ host: "a", port: 22, alternatePorts: [443, 8443], sourceRanges: ["203.0.113.0/24", "2001:db8::/32"] },
    second: { host: "b", port: 22, alternatePorts: [443, 8443] },
  },
  forwarder: { replicas: 2 },
  signers: [signer],
  bakers: [
    {
      name: "alice",
      network: "mainnet",
      delegates: [delegate],
      liquidityBakingToggleVote: "on",
      historyMode: "full:5",
      chainId: "NetXdQprcVkpaWU",
      minimalBlockSeconds: 6,
      snapshot: {
        url: "https://snapshots.example.org/rolling",
        sha256: "0f".repeat(32),
        blockHash: "BLockGenesisGenesisGenesisGenesisGenesisf79b5d1CoW2",
      },
      storage: { size: "100Gi", className: "premium-rwo.fast", clientClassName: "regional", dalSize: "10Gi" },
      dal: { endpoint: { host: "203.0.113.7", port: 11732 } },
      p2p: { port: 9732 },
      remoteCallsTimeout: 5,
      operations: { minimalFees: 1_000_000_000, minimalNanotezPerGasUnit: 100, minimalNanotezPerByte: 1000 },
      extraNodes: ["http://node.example.org:8732"],
      extraContainers: [{ name: "watcher" }],
      extraVolumes: [{ name: "words" }],
      resources: Object.fromEntries(containers.map((name) => [name, { requests: quantities, limits: quantities }])),
      backup: { schedule: "17 3 * * *", keep: 7, snapshotClassName: "mine" },
    },
  ],
  outsideBakers: [
    {
      name: "bob",
      network: "mainnet",
      delegates: [{ address: otherKey.address, keys: { consensus: [otherKey] } }],
      sourceRanges: ["10.20.0.7/32", "fd00:20::/64"],
    },
  ],
  monitoring: {
    kind: "PodMonitor",
    namespace: "monitoring",
    interval: "15s",
    labels: { release: "prometheus" },
    silentMinutes: 10,
  },
  images: Object.fromEntries(
    ["signerForwarder", "router", "octez", "backup"].map((name) => [
      name,
      { repository: "registry.example:5000/a/b", tag: "1.0", digest: `sha256:${"0f".repeat(32)}` },
    ]),
  ),
};

const monitoringPlaces = {
  "monitoring.kind": "monitoring.kind",
  "monitoring.namespace": "monitoring.namespace",
  "monitoring.interval": "monitoring.interval",
  "monitoring.labels": "monitoring.labels",
  "monitoring.labels.*": "monitoring.labels.release",
};

/** Values that the config has in the same form, by their paths: the baker's own begin with `bakers.0`. */
const ofBaker = (...paths: string[]) => Object.fromEntries(paths.map((path) => [path, `bakers.0.${path}`]));
const consensus = "bakers.0.delegates.0.keys.consensus";

/**
 * The config's path for each place in a chart's values.
 *
 * A place that is a list's entry or a label has two paths.
 */
export const places: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "signer-forwarder": {
    "image.repository": "images.signerForwarder.repository",
    "image.tag": "images.signerForwarder.tag",
    "image.digest": "images.signerForwarder.digest",
    "service.port": "endpoint.port",
    "service.nodePort": "endpoint.nodePort",
    "service.alternatePorts": "endpoint.alternatePorts",
    "service.alternatePorts.0": "endpoint.alternatePorts.0",
    "service.sourceRanges": "endpoint.sourceRanges",
    "service.sourceRanges.0": "endpoint.sourceRanges.0",
    "secondService.port": "endpoint.second.port",
    "secondService.nodePort": "endpoint.second.nodePort",
    "secondService.alternatePorts": "endpoint.second.alternatePorts",
    "secondService.alternatePorts.0": "endpoint.second.alternatePorts.0",
    signers: "signers",
    "signers.0.name": "signers.0.name",
    "signers.0.sshPublicKey": "signers.0.sshPublicKey",
    "signers.0.nextSshPublicKey": "signers.0.nextSshPublicKey",
    "signers.0.port": "signers.0.port",
    "signers.0.answerSeconds": "signers.0.answerSeconds",
    "signers.0.sourceRanges": "outsideBakers.0.sourceRanges",
    "signers.0.sourceRanges.0": "outsideBakers.0.sourceRanges.0",
    "signers.0.keys.0.chainId": "bakers.0.chainId",
    "signers.0.keys.0.minimalBlockSeconds": "bakers.0.minimalBlockSeconds",
    "networkPolicy.podCidrs": "cluster.podCidrs",
    "networkPolicy.podCidrs.0": "cluster.podCidrs.0",
    ...monitoringPlaces,
    "monitoring.silentMinutes": "monitoring.silentMinutes",
  },
  baker: {
    "image.repository": "images.octez.repository",
    "image.tag": "images.octez.tag",
    "image.digest": "images.octez.digest",
    delegates: "bakers.0.delegates",
    "delegates.0": "bakers.0.delegates.0.address",
    keys: consensus,
    "keys.0.name": `${consensus}.0.name`,
    "keys.0.address": `${consensus}.0.address`,
    "keys.0.publicKey": `${consensus}.0.publicKey`,
    "routerImage.repository": "images.router.repository",
    "routerImage.tag": "images.router.tag",
    "routerImage.digest": "images.router.digest",
    "router.baker": "bakers.0.name",
    "router.signers": "signers",
    "router.signers.0.name": "signers.0.name",
    "router.signers.0.port": "signers.0.port",
    "router.signers.0.answerSeconds": "signers.0.answerSeconds",
    "router.signers.0.keys.0.chainId": "bakers.0.chainId",
    "router.signers.0.keys.0.minimalBlockSeconds": "bakers.0.minimalBlockSeconds",
    "votes.liquidityBakingToggleVote": "bakers.0.liquidityBakingToggleVote",
    "dal.service.port": "bakers.0.dal.endpoint.port",
    "dal.service.nodePort": "bakers.0.dal.endpoint.nodePort",
    "p2p.service.port": "bakers.0.p2p.port",
    "p2p.service.nodePort": "bakers.0.p2p.nodePort",
    "extraNodes.0": "bakers.0.extraNodes.0",
    ...monitoringPlaces,
    "backup.image.repository": "images.backup.repository",
    "backup.image.tag": "images.backup.tag",
    "backup.image.digest": "images.backup.digest",
    ...ofBaker("network", "historyMode", "snapshot.url", "snapshot.sha256", "snapshot.blockHash"),
    ...ofBaker("storage.size", "storage.className", "storage.clientClassName", "storage.dalSize"),
    ...ofBaker("remoteCallsTimeout", "operations.minimalFees"),
    ...ofBaker("operations.minimalNanotezPerGasUnit", "operations.minimalNanotezPerByte"),
    ...ofBaker("extraContainers.0.name", "extraVolumes.0.name"),
    ...ofBaker("backup.schedule", "backup.keep", "backup.snapshotClassName"),
    ...ofBaker(
      ...containers.flatMap((name) =>
        ["requests", "limits"].flatMap((kind) =>
          ["cpu", "memory"].map((quantity) => `resources.${name}.${kind}.${quantity}`),
        ),
      ),
    ),
  },
};

/** Values that no config sets: the charts' own, and those that the program makes from names checked elsewhere. */
export const notTheConfigs =
  /^(global|disruptionBudget\..*|(backup\.)?image\.pullPolicy|routerImage\.pullPolicy|resources\.router\..*|router\.replicas(\.0)?|hostKeySecret|service\.(type|annotations\.\*)|secondService\.(type|annotations\.\*|sourceRanges(\.0)?)|(router\.)?signers\.0\.(keys|fallbacks|bakers)(\.0)?(\.address)?|keys\.0\.signerUrl|authentication\..*|dal\.addressConfigMap|(dal|p2p)\.service\.(type|loadBalancerClass)|storage\.clientSize)$/;
