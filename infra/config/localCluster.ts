/** The names of this machine's own clusters. `dev` is the user's, and the others are for tests. */
export const localClusterNames = ["dev", "e2e", "disaster"] as const;
export type LocalClusterName = (typeof localClusterNames)[number];

/** The most nodes that a cluster of this machine can have. */
export const mostLocalNodes = 3;

/** How a cluster of this machine is reached, once `npm run up` has made it. The pods' addresses are those of all nodes. */
export function localAccess(name: LocalClusterName) {
  const [context, file] = name === "dev" ? ["local", "kubeconfig"] : [`local-${name}`, `${name}.kubeconfig`];
  return { context, kubeconfig: `.local/${file}`, podCidrs: ["10.244.0.0/22"] };
}
