import { visitorPod } from "./visitorPod.ts";

type Place = { readonly namespace: string; readonly nodeName: string };

/** The label by which Kubernetes tells a node. */
const hostname = "kubernetes.io/hostname";

/** A visitor's pod on one node and no other, with its name as the label `app`. */
export function podOnNode(name: string, { namespace, nodeName }: Place) {
  const pod = visitorPod({ name, namespace, labels: { app: name } });
  return { ...pod, spec: { ...pod.spec, nodeSelector: { [hostname]: nodeName } } };
}

/**
 * The selector and the template of a workload whose pod would rather be on one node, and leaves a silent one after a second.
 *
 * The pod is a visitor's, with the workload's name as the label `app`.
 */
export function travellerSpec(name: string, { namespace, nodeName }: Place) {
  const { spec } = visitorPod({ name, namespace });
  const preference = { matchExpressions: [{ key: hostname, operator: "In", values: [nodeName] }] };
  const nodeAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference }] };
  const tolerations = ["not-ready", "unreachable"].map((what) => ({
    key: `node.kubernetes.io/${what}`,
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds: 1,
  }));
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { ...spec, affinity: { nodeAffinity }, tolerations } };
  return { selector: { matchLabels: labels }, template };
}
