import type { Api } from "./clusterApi.ts";
import type { Layout } from "./layout.ts";
import { waitHealthy } from "./processes.ts";

/** The conditions that a cluster must meet before its users can rely on it, besides serving processes. */

type Condition = {
  readonly type: string;
  readonly status: string;
  readonly message: string;
  readonly lastHeartbeatTime: string;
};

/** Waits until the node accepts pods. A report from before `since` does not count: a new kubelet must make its own. */
export async function nodeReady(layout: Layout, api: Api, since: number): Promise<void> {
  let found = "nothing";
  const ready = async (): Promise<boolean> => {
    const node = await api.read(`/api/v1/nodes/${layout.nodeName}`);
    const status = node?.status as { conditions?: Condition[] } | undefined;
    const condition = status?.conditions?.find((one) => one.type === "Ready");
    found = condition?.message ?? found;
    return condition?.status === "True" && notBefore(condition.lastHeartbeatTime, since);
  };
  await waitHealthy(layout, "kubelet", ready).catch((error: Error) => {
    throw new Error(`${error.message}\n  the node says: ${found}`);
  });
}

/** Waits for the service account that every pod needs and the controllers create. */
export async function accountReady(layout: Layout, api: Api): Promise<void> {
  const path = "/api/v1/namespaces/default/serviceaccounts/default";
  await waitHealthy(layout, "kube-controller-manager", async () => (await api.read(path)) !== undefined);
}

export type Pod = {
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly { readonly state?: { readonly running?: { readonly startedAt: string } } }[];
  };
};

/** Whether a pod's status is from before `since`: it lists a running container that cannot have survived until then. */
export function isStale(pod: Pod, since: number): boolean {
  if (pod.status?.phase !== "Running") return false;
  const running = (pod.status.containerStatuses ?? []).flatMap((container) => container.state?.running ?? []);
  return running.some((state) => !notBefore(state.startedAt, since));
}

/** The API's path of the pods on a node. */
export function podsOfNode({ nodeName }: Layout): string {
  return `/api/v1/pods?fieldSelector=spec.nodeName%3D${nodeName}`;
}

/** Waits, after a node's start, until every pod that is reported as running on it has been started again. */
export async function podsRenewed(layout: Layout, api: Api, since: number): Promise<void> {
  const renewed = async (): Promise<boolean> => {
    const list = await api.read(podsOfNode(layout));
    return !((list?.items ?? []) as Pod[]).some((pod) => isStale(pod, since));
  };
  await waitHealthy(layout, "kubelet", renewed);
}

/** Kubernetes' times have no fractions of a second. */
function notBefore(time: string, since: number): boolean {
  return Date.parse(time) + 1000 > since;
}
