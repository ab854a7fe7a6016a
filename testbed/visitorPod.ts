import { octezStandIn } from "../octez-stand-in/standInImage.ts";

/** The port on which a visitor itself listens. */
export const visitorPort = 8080;

/** The labels of a baker's pod, by which NetworkPolicies tell it. */
export function bakerLabels(name: string): Record<string, string> {
  return { "app.kubernetes.io/name": "baker", "app.kubernetes.io/instance": `baker-${name}` };
}

const confined = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  runAsNonRoot: true,
  seccompProfile: { type: "RuntimeDefault" },
};

type Metadata = { name: string; namespace: string; labels?: Record<string, string> };

/** A pod that listens on a port, and in which a test can run programs: it has Node. */
export function visitorPod(metadata: Metadata, securityContext: object = confined) {
  const script = `require("node:net").createServer((socket) => socket.end()).listen(${visitorPort})`;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata,
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: "visitor",
          image: octezStandIn.tag,
          imagePullPolicy: "Never",
          command: ["node", "--eval", script],
          securityContext,
        },
      ],
    },
  };
}
