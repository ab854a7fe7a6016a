import { z } from "zod";
import type { PodFacts } from "./facts.ts";

const podList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ deletionTimestamp: z.string().optional() }),
      status: z.object({
        phase: z.string().optional(),
        startTime: z.string().optional(),
        conditions: z
          .array(
            z.object({
              type: z.string(),
              status: z.string(),
              reason: z.string().optional(),
              message: z.string().optional(),
            }),
          )
          .default([]),
        containerStatuses: z
          .array(
            z.object({
              ready: z.boolean(),
              restartCount: z.number(),
              state: z
                .record(z.string(), z.object({ reason: z.string().optional(), message: z.string().optional() }))
                .default({}),
            }),
          )
          .default([]),
      }),
    }),
  ),
});

/** The pods of a list, without those that are being deleted. `now` is in milliseconds. */
export function podsIn(list: unknown, now: number): PodFacts[] {
  const pods = podList.parse(list).items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return pods.map(({ status }): PodFacts => {
    const { conditions, containerStatuses: containers, phase, startTime } = status;
    const isReady = conditions.some(({ type, status }) => type === "Ready" && status === "True");
    const stopped = containers.flatMap(({ state }) => state.waiting ?? state.terminated ?? []);
    const unmet = conditions.filter(({ status, reason }) => status === "False" && reason !== undefined);
    const why = [...stopped, ...unmet].map(({ reason, message }) => [reason, message].filter(Boolean).join(": "))[0];
    return {
      isReady,
      restarts: containers.reduce((sum, { restartCount }) => sum + restartCount, 0),
      seconds: startTime === undefined ? 0 : (now - Date.parse(startTime)) / 1000,
      ...(!isReady && { reason: why ?? phase ?? "no reason given" }),
    };
  });
}

const service = z.object({
  spec: z.object({ type: z.string().optional() }),
  status: z.object({
    loadBalancer: z
      .object({
        ingress: z.array(z.object({ ip: z.string().optional(), hostname: z.string().optional() })).default([]),
      })
      .default({ ingress: [] }),
  }),
});
const nodeList = z.object({
  items: z.array(
    z.object({
      status: z.object({ addresses: z.array(z.object({ type: z.string(), address: z.string() })).default([]) }),
    }),
  ),
});

/** The addresses at which a Service is dialled from outside: its load balancer's, or of a node port those of all nodes. */
export function serviceAddressesIn(object: unknown, nodes: unknown): string[] {
  const { spec, status } = service.parse(object);
  if (spec.type !== "NodePort") return status.loadBalancer.ingress.flatMap(({ ip, hostname }) => ip ?? hostname ?? []);
  return nodeList
    .parse(nodes)
    .items.flatMap((node) =>
      node.status.addresses.filter(({ type }) => type !== "Hostname").map(({ address }) => address),
    );
}

const statefulSetList = z.object({
  items: z.array(
    z.object({
      spec: z.object({
        template: z.object({
          spec: z.object({ containers: z.array(z.object({ name: z.string(), image: z.string() })) }),
        }),
      }),
    }),
  ),
});

/** The tags of the images of octez-baker in a list of StatefulSets. */
export function octezTagsIn(list: unknown): string[] {
  const containers = statefulSetList.parse(list).items.flatMap(({ spec }) => spec.template.spec.containers);
  return containers
    .filter(({ name }) => name === "octez-baker")
    .flatMap(({ image }) => /:([\w.-]+)$/.exec(image)?.[1] ?? []);
}

/** The bytes that all interfaces but the loopback have received and sent, from `/proc/net/dev`. */
export function bytesIn(text: string): number {
  const rows = [...text.matchAll(/^ *(\S+): *(\d+(?: +\d+){15}) *$/gm)];
  if (rows.length === 0) throw new Error("/proc/net/dev: found no interface");
  return rows
    .filter(([, name]) => name !== "lo")
    .reduce((sum, [, , numbers = ""]) => {
      const columns = numbers.split(/ +/).map(Number);
      return sum + (columns[0] ?? 0) + (columns[8] ?? 0);
    }, 0);
}
