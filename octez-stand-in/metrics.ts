import { once } from "node:events";
import { createServer } from "node:http";
import type { Say } from "./eventLog.ts";
import type { Point } from "./point.ts";

/** A metric, with its values by their labels, as `{name: value}`. */
export type Metric = {
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter";
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
};

/** The text form of metrics that Prometheus reads. */
export function metricsText(metrics: readonly Metric[]): string {
  const escaped = (text: string) => text.replace(/[\\"\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`));
  const labelsOf = (labels: Readonly<Record<string, string>> = {}) => {
    const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
    return pairs.length > 0 ? `{${pairs.join(", ")}}` : "";
  };
  const number = (value: number) => (Number.isNaN(value) ? "nan" : value.toFixed(6));
  return metrics
    .flatMap(({ name, help, type, samples }) => [
      `#HELP ${name} ${help}`,
      `#TYPE ${name} ${type}`,
      ...samples.map(({ labels, value }) => `${name}${labelsOf(labels)} ${number(value)}`),
    ])
    .map((line) => `${line}\n`)
    .join("");
}

/**
 * Serves metrics at /metrics, as they are at each request. An address that it can't have is no reason to end: then `say`
 * gets the line about it.
 */
export async function serveMetrics({ host, port }: Point, metrics: () => readonly Metric[], say: Say): Promise<void> {
  const server = createServer((request, response) => {
    if (request.url !== "/metrics") return response.writeHead(404).end("Not found");
    return response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(metricsText(metrics()));
  });
  server.listen(port, host);
  await once(server, "listening").catch((error: Error) => say(`metrics server ended with error ${error.message}`));
}
