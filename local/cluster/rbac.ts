import type { Api, KubernetesObject } from "./clusterApi.ts";

/** The resources that programs without a built-in role may read, by the user of each program's certificate. */
const readers: Record<string, Record<string, string[]>> = {
  coredns: { "": ["services", "pods", "namespaces"], "discovery.k8s.io": ["endpointslices"] },
  "kube-router": {
    "": ["services", "endpoints", "pods", "namespaces", "nodes"],
    "discovery.k8s.io": ["endpointslices"],
    "networking.k8s.io": ["networkpolicies"],
  },
};

/** The roles and bindings, by their paths. */
function roles(): Record<string, KubernetesObject> {
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const verbs = ["get", "list", "watch"];
  return Object.fromEntries(
    Object.entries(readers).flatMap(([user, groups]): [string, KubernetesObject][] => {
      const name = `remote-signer-cloud:${user}`;
      const rules = Object.entries(groups).map(([group, resources]) => ({ apiGroups: [group], resources, verbs }));
      return [
        [`${rbac}/clusterroles/${name}`, { apiVersion, kind: "ClusterRole", metadata: { name }, rules }],
        [
          `${rbac}/clusterrolebindings/${name}`,
          {
            apiVersion,
            kind: "ClusterRoleBinding",
            metadata: { name },
            roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
            subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: `system:${user}` }],
          },
        ],
      ];
    }),
  );
}

export async function applyRoles(api: Api): Promise<void> {
  for (const [path, object] of Object.entries(roles())) await api.apply(path, object);
}
