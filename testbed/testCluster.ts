import { type ClusterName, clusterLayout } from "../local/cluster/layout.ts";

/** The name of the local cluster that a test uses: TEST_CLUSTER, or `e2e`. testbed/runTests.ts uses two at a time. */
export const clusterName = (process.env.TEST_CLUSTER ?? "e2e") as ClusterName;

/** The addresses, names and folders of that cluster. */
export const testCluster = clusterLayout(clusterName);

/** That cluster's kubeconfig, as a stack's config names it. */
export const kubeconfig = `.local/${clusterName}.kubeconfig`;
