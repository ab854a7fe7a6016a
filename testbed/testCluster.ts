import { type ClusterName, clusterLayout } from "../local/cluster/layout.ts";

/** The name of the local cluster that a test uses: TEST_CLUSTER, or `e2e`. testbed/runTests.ts uses two at a time. */
export const clusterName = (process.env.TEST_CLUSTER ?? "e2e") as ClusterName;

/** How many replicas of the forwarder the stacks of the tests have: TEST_REPLICAS, or 1. */
export const replicas = Number(process.env.TEST_REPLICAS ?? 1);

/** The addresses, names and folders of that cluster. */
export const testCluster = clusterLayout(clusterName);

/** That cluster's kubeconfig, as a stack's config names it. */
export const kubeconfig = `.local/${clusterName}.kubeconfig`;
