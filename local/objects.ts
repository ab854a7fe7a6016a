import type { Api, KubernetesObject } from "./api.ts";

/** Leave for CoreDNS to read what it answers from. */
export function dnsRole(): Record<string, KubernetesObject> {
  const name = "remote-signer-cloud:coredns";
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  const apiVersion = "rbac.authorization.k8s.io/v1";
  return {
    [`${rbac}/clusterroles/${name}`]: {
      apiVersion,
      kind: "ClusterRole",
      metadata: { name },
      rules: [
        { apiGroups: [""], resources: ["services", "pods", "namespaces"], verbs: ["list", "watch"] },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
      ],
    },
    [`${rbac}/clusterrolebindings/${name}`]: {
      apiVersion,
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "system:coredns" }],
    },
  };
}

export async function applyDnsRole(api: Api): Promise<void> {
  for (const [path, object] of Object.entries(dnsRole())) await api.apply(path, object);
}
