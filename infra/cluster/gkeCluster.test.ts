import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import type { GkeClusterConfig } from "../config/clusterConfig.ts";
import { inputsIn, type Registered, recordResources } from "../recordedProgram.ts";
import type { ClusterAccess, ClusterStorage } from "./clusterAccess.ts";

let registered: Registered[];
const access: Record<string, ClusterAccess> = {};
const storage: Record<string, ClusterStorage | undefined> = {};
const ignored: Record<string, string[]> = {};

/** Marks a value of a mocked resource as a secret, as the engine does. */
const secretSignature = "4dabf18193072939515e22adb298388d";
const nodePool = { machineType: "n2-standard-8", minNodes: 3, maxNodes: 9, diskSizeGb: 100 };
const config: GkeClusterConfig = {
  kind: "gke",
  project: "my-project",
  region: "europe-west1",
  dnsEndpoint: true,
  authorizedNetworks: ["203.0.113.0/24", "198.51.100.7/32"],
  releaseChannel: "STABLE",
  maintenanceWindow: { days: ["SA", "SU"], start: "22:30", hours: 6 },
  nodePool,
  deletionProtection: true,
  labels: { team: "bakers" },
};

before(async () => {
  registered = await recordResources(({ type, name, inputs }) => {
    const outputs: Record<string, object> = {
      "random:index/randomId:RandomId": { hex: "c0ffee" },
      "gcp:container/cluster:Cluster": {
        endpoint: "192.0.2.9",
        controlPlaneEndpointsConfig: { dnsEndpointConfig: { endpoint: "gke-1.europe-west1.gke.goog" } },
        // The provider marks all of it, because a client's key can be in it.
        masterAuth: {
          [secretSignature]: "1b47061264138c4ac30d75fd1eb44270",
          value: { clusterCaCertificate: "Q0E=" },
        },
        nodeLocations: ["europe-west1-b", "europe-west1-c", "europe-west1-d"],
      },
      "gcp:serviceaccount/account:Account": { email: "nodes@my-project.iam.gserviceaccount.com" },
    };
    return { id: `${name}-id`, state: { ...inputs, ...outputs[type] } };
  });
  const { makeCluster } = await import("../cluster.ts");
  const make = async (name: string, stack: string, change: Partial<GkeClusterConfig>) => {
    const args = { config: { ...config, ...change }, facts: {}, stack };
    const cluster = await makeCluster(name, args, {
      transformations: [
        ({ name, opts, props }) => {
          ignored[name] = (opts as pulumi.CustomResourceOptions).ignoreChanges ?? [];
          return { opts, props };
        },
      ],
    });
    storage[name] = cluster.storage;
    access[name] = await new Promise((resolve) => void cluster.access.apply(resolve));
    assert.equal(await pulumi.isSecret(cluster.access), false);
  };
  await make("c", "prod", {});
  await make("long", "a-stack-with-a-name-as-long-as-a-namespace-can-be-in-kubernetes", {
    zones: ["europe-west1-b", "europe-west1-c"],
    deletionProtection: false,
  });
  await make("dns-only", "prod", {
    authorizedNetworks: [],
    maintenanceExclusions: [
      { name: "xmas", start: "2026-12-20T00:00:00Z", end: "2027-01-04T00:00:00Z", scope: "NO_UPGRADES" },
    ],
    nodePool: { ...nodePool, machineType: "c4-standard-8" },
  });
  await make("ip-only", "prod", { dnsEndpoint: false, nodePool: { ...nodePool, machineType: "n4d-standard-8" } });
  await make("third", "prod", { nodePool: { ...nodePool, machineType: "c3d-standard-8" } });
  await make("plain", "prod", { nodePool: { ...nodePool, machineType: "t2d-standard-8" } });
  await pulumi.runtime.disconnect();
});

const inputsOf = (name: string) => inputsIn(registered, name);

test("the children are these, and no others", () => {
  const names = registered.filter(({ name }) => /^c(-|$)/.test(name)).map(({ name, type }) => `${name} ${type}`);
  assert.deepEqual(names.sort(), [
    "c remote-signer-cloud:index:GkeCluster",
    "c-cluster gcp:container/cluster:Cluster",
    "c-nat gcp:compute/routerNat:RouterNat",
    "c-network gcp:compute/network:Network",
    "c-node-account gcp:serviceaccount/account:Account",
    "c-nodes gcp:container/nodePool:NodePool",
    "c-provider pulumi:providers:kubernetes",
    "c-regional kubernetes:storage.k8s.io/v1:StorageClass",
    "c-role-images gcp:projects/iAMMember:IAMMember",
    "c-role-node gcp:projects/iAMMember:IAMMember",
    "c-router gcp:compute/router:Router",
    "c-subnetwork gcp:compute/subnetwork:Subnetwork",
    "c-suffix random:index/randomId:RandomId",
  ]);
});

describe("the network", () => {
  test("is the cluster's own, and gets no subnetwork that nobody asked for", () => {
    assert.deepEqual(inputsOf("c-network"), {
      name: "prod-c0ffee",
      project: "my-project",
      autoCreateSubnetworks: false,
    });
  });

  test("has ranges for nodes, pods and Services that do not overlap", () => {
    const { ipCidrRange, network, secondaryIpRanges } = inputsOf("c-subnetwork") as {
      ipCidrRange: string;
      network: string;
      secondaryIpRanges: { ipCidrRange: string; rangeName: string }[];
    };
    assert.equal(network, "c-network-id");
    assert.deepEqual(
      secondaryIpRanges.map(({ rangeName }) => rangeName),
      ["pods", "services"],
    );
    const blocks = [ipCidrRange, ...secondaryIpRanges.map((range) => range.ipCidrRange)].map((block) => {
      const [address = "", bits] = block.split("/");
      const first = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
      return { first, last: first + 2 ** (32 - Number(bits)) - 1 };
    });
    blocks.sort((a, b) => a.first - b.first);
    for (const [i, { first }] of blocks.slice(1).entries()) {
      assert.ok(first > (blocks[i]?.last ?? 0), JSON.stringify(blocks));
    }
  });

  test("lets its private nodes out through a NAT of its own", () => {
    assert.equal(inputsOf("c-router").network, "c-network-id");
    const { natIpAllocateOption, sourceSubnetworkIpRangesToNat } = inputsOf("c-nat");
    assert.deepEqual(
      [natIpAllocateOption, sourceSubnetworkIpRangesToNat],
      ["AUTO_ONLY", "ALL_SUBNETWORKS_ALL_IP_RANGES"],
    );
  });
});

describe("the cluster", () => {
  test("has everything on that a production cluster has", () => {
    const inputs = inputsOf("c-cluster");
    const expected = {
      name: "prod-c0ffee",
      location: "europe-west1",
      deletionProtection: true,
      network: "c-network-id",
      subnetwork: "c-subnetwork-id",
      networkingMode: "VPC_NATIVE",
      ipAllocationPolicy: { clusterSecondaryRangeName: "pods", servicesSecondaryRangeName: "services" },
      datapathProvider: "ADVANCED_DATAPATH",
      privateClusterConfig: { enablePrivateNodes: true, enablePrivateEndpoint: false },
      controlPlaneEndpointsConfig: {
        dnsEndpointConfig: { allowExternalTraffic: true },
        ipEndpointsConfig: { enabled: true },
      },
      anonymousAuthenticationConfig: { mode: "LIMITED" },
      resourceLabels: { team: "bakers", "remote-signer-cloud-stack": "prod" },
      costManagementConfig: { enabled: true },
      masterAuthorizedNetworksConfig: {
        cidrBlocks: [{ cidrBlock: "203.0.113.0/24" }, { cidrBlock: "198.51.100.7/32" }],
        gcpPublicCidrsAccessEnabled: false,
      },
      workloadIdentityConfig: { workloadPool: "my-project.svc.id.goog" },
      enableShieldedNodes: true,
      releaseChannel: { channel: "STABLE" },
      monitoringConfig: { enableComponents: ["SYSTEM_COMPONENTS"], managedPrometheus: { enabled: true } },
      removeDefaultNodePool: true,
    };
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(inputs[key], value, key);
    assert.deepEqual(
      Object.keys(inputs).filter((key) => key === "nodeLocations"),
      [],
    );
  });

  test("is upgraded in its window, which may cross midnight", () => {
    assert.deepEqual(inputsOf("c-cluster").maintenancePolicy, {
      recurringWindow: {
        startTime: "2026-01-01T22:30:00Z",
        endTime: "2026-01-02T04:30:00Z",
        recurrence: "FREQ=WEEKLY;BYDAY=SA,SU",
      },
    });
  });

  test("is left alone for as long as the config says", () => {
    assert.deepEqual(inputsOf("dns-only-cluster").maintenancePolicy, {
      ...(inputsOf("c-cluster").maintenancePolicy as object),
      maintenanceExclusions: [
        {
          exclusionName: "xmas",
          startTime: "2026-12-20T00:00:00Z",
          endTime: "2027-01-04T00:00:00Z",
          exclusionOptions: { scope: "NO_UPGRADES" },
        },
      ],
    });
  });

  test("has the endpoints that the config opens, and networks only for an address", () => {
    const endpoints = (name: string) => {
      const { controlPlaneEndpointsConfig, masterAuthorizedNetworksConfig } = inputsOf(`${name}-cluster`);
      return [controlPlaneEndpointsConfig, masterAuthorizedNetworksConfig !== undefined];
    };
    const config = (dns: boolean, ip: boolean) => ({
      dnsEndpointConfig: { allowExternalTraffic: dns },
      ipEndpointsConfig: { enabled: ip },
    });
    assert.deepEqual(endpoints("dns-only"), [config(true, false), false]);
    assert.deepEqual(endpoints("ip-only"), [config(false, true), true]);
    const settings = "privateClusterConfig.enablePrivateEndpoint";
    assert.deepEqual(
      ["c", "ip-only", "dns-only"].map((name) => ignored[`${name}-cluster`]?.includes(settings)),
      [false, false, true],
    );
  });

  test("is in the zones that the config names, and may be deleted where it says so", () => {
    const { deletionProtection, nodeLocations } = inputsOf("long-cluster");
    assert.deepEqual([deletionProtection, nodeLocations], [false, ["europe-west1-b", "europe-west1-c"]]);
    assert.deepEqual(inputsOf("long-nodes").nodeLocations, nodeLocations);
  });
});

describe("the nodes", () => {
  test("run as an account that has the least roles, also those that a cluster is born with", () => {
    const member = "serviceAccount:nodes@my-project.iam.gserviceaccount.com";
    const project = "my-project";
    assert.deepEqual(inputsOf("c-role-node"), { member, project, role: "roles/container.defaultNodeServiceAccount" });
    assert.deepEqual(inputsOf("c-role-images"), { member, project, role: "roles/artifactregistry.reader" });
    for (const name of ["c-cluster", "c-nodes"]) {
      const { serviceAccount } = inputsOf(name).nodeConfig as { serviceAccount: string };
      assert.equal(`serviceAccount:${serviceAccount}`, member, name);
    }
  });

  test("are a pool that scales, repairs and upgrades itself", () => {
    const { nodeConfig, ...inputs } = inputsOf("c-nodes");
    assert.deepEqual(inputs, {
      project: "my-project",
      cluster: "prod-c0ffee",
      location: "europe-west1",
      initialNodeCount: 1,
      autoscaling: { totalMinNodeCount: 3, totalMaxNodeCount: 9, locationPolicy: "BALANCED" },
      management: { autoRepair: true, autoUpgrade: true },
      upgradeSettings: { strategy: "SURGE", maxSurge: 1, maxUnavailable: 0 },
    });
    const { oauthScopes, serviceAccount, ...rest } = nodeConfig as Record<string, unknown>;
    assert.deepEqual(rest, {
      machineType: "n2-standard-8",
      imageType: "COS_CONTAINERD",
      diskType: "pd-balanced",
      diskSizeGb: 100,
      shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
      workloadMetadataConfig: { mode: "GKE_METADATA" },
    });
  });
});

test("every name has the suffix, begins with a letter and keeps to Google's limits, however long the stack's is", () => {
  const limits = { "long-cluster": 40, "long-network": 63, "long-subnetwork": 63, "long-router": 63, "long-nat": 63 };
  for (const [resource, limit] of Object.entries(limits)) {
    const name = String(inputsOf(resource).name);
    assert.match(name, /^[a-z][-a-z0-9]*-c0ffee$/);
    assert.ok(name.length <= limit, `${resource}: ${name}`);
  }
  assert.match(String(inputsOf("long-node-account").accountId), /^[a-z][-a-z0-9]{4,28}[a-z0-9]$/);
});

describe("its disks", () => {
  const classOf = (name: string) => {
    const { metadata, ...spec } = inputsOf(name);
    return { name: (metadata as { name: string }).name, ...spec };
  };
  const common = {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    provisioner: "pd.csi.storage.gke.io",
    volumeBindingMode: "WaitForFirstConsumer",
    allowVolumeExpansion: true,
  };
  const regional = {
    name: "remote-signer-cloud-regional",
    ...common,
    allowedTopologies: [
      {
        matchLabelExpressions: [
          { key: "topology.gke.io/zone", values: ["europe-west1-b", "europe-west1-c", "europe-west1-d"] },
        ],
      },
    ],
  };
  const forClient = { clientClassName: "remote-signer-cloud-regional", clientSize: "10Gi" };

  test("are of the kind that the nodes' family attaches", () => {
    const boot = ["c", "third", "dns-only"].map(
      (name) => (inputsOf(`${name}-nodes`).nodeConfig as { diskType: string }).diskType,
    );
    assert.deepEqual(boot, ["pd-balanced", "pd-balanced", "hyperdisk-balanced"]);
  });

  test("have a class with copies in two zones, which may be taken from a zone that is gone", () => {
    const availability = { "availability-class": "regional-hard-failover" };
    const persistent = { type: "pd-balanced", "replication-type": "regional-pd", ...availability };
    const hyperdisk = { type: "hyperdisk-balanced-high-availability", ...availability };
    assert.deepEqual(classOf("c-regional"), { ...regional, parameters: persistent });
    assert.deepEqual(classOf("third-regional"), { ...regional, parameters: hyperdisk });
    assert.deepEqual(classOf("dns-only-regional"), { ...regional, parameters: hyperdisk });
    assert.deepEqual([storage.c, storage.third], [forClient, forClient]);
  });

  test("have a class of Hyperdisk where GKE's own would never attach", () => {
    const zonal = { name: "remote-signer-cloud-zonal", ...common, parameters: { type: "hyperdisk-balanced" } };
    for (const name of ["dns-only-zonal", "ip-only-zonal"]) assert.deepEqual(classOf(name), zonal);
    assert.deepEqual(storage["dns-only"], { className: "remote-signer-cloud-zonal", ...forClient });
  });

  test("are in one zone for a family that takes no other", () => {
    const className = "remote-signer-cloud-zonal";
    assert.deepEqual(storage["ip-only"], { className, clientClassName: className, clientSize: "10Gi" });
    assert.deepEqual(storage.plain, {});
    const classes = registered.filter(({ type }) => type === "kubernetes:storage.k8s.io/v1:StorageClass");
    assert.deepEqual(classes.map(({ name }) => name).sort(), [
      "c-regional",
      "dns-only-regional",
      "dns-only-zonal",
      "ip-only-zonal",
      "long-regional",
      "third-regional",
    ]);
  });
});

describe("its Kubernetes provider", () => {
  test("finds the cluster by a kubeconfig that holds no credential", () => {
    const { kubeconfig } = inputsOf("c-provider");
    const { clusters, users, "current-context": current } = JSON.parse(String(kubeconfig));
    // The certificate is of a public authority.
    assert.deepEqual(clusters[0].cluster, { server: "https://gke-1.europe-west1.gke.goog" });
    assert.deepEqual(Object.keys(users[0].user), ["exec"]);
    assert.equal(users[0].user.exec.command, "gke-gcloud-auth-plugin");
    assert.equal(current, "gke_my-project_europe-west1_prod-c0ffee");
  });

  test("finds a cluster without a DNS endpoint by its address and its own authority", () => {
    const { clusters } = JSON.parse(String(inputsOf("ip-only-provider").kubeconfig));
    assert.deepEqual(clusters[0].cluster, { server: "https://192.0.2.9", "certificate-authority-data": "Q0E=" });
    assert.equal(
      access["ip-only"]?.getCredentials,
      "gcloud container clusters get-credentials prod-c0ffee --region europe-west1 --project my-project",
    );
  });

  test("holds a cluster with another suffix for another cluster", () => {
    assert.equal(inputsOf("c-provider").clusterIdentifier, "gke_my-project_europe-west1_prod-c0ffee");
  });
});

test("another stack gets all that it needs to share it", () => {
  const context = "gke_my-project_europe-west1_prod-c0ffee";
  assert.deepEqual(access.c, {
    kubeconfig: inputsOf("c-provider").kubeconfig,
    context,
    identifier: context,
    kubectl: `kubectl --context ${context}`,
    getCredentials:
      "gcloud container clusters get-credentials prod-c0ffee --region europe-west1 --project my-project --dns-endpoint",
    snapshotDriver: "pd.csi.storage.gke.io",
    storage: { clientClassName: "remote-signer-cloud-regional", clientSize: "10Gi" },
  });
});
