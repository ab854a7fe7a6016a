import { isIP } from "node:net";

/** An address and a port. */
export type Point = { readonly host: string; readonly port: number };

/**
 * Reads `ADDR:PORT`, `ADDR` or `:PORT`. What is missing is the default's. Throws an Error for anything but an IP
 * address: octez-dal-node takes no names (src/lib_base/p2p_point.ml, src/lib_dal_node/cli.ml, v25.1).
 */
export function readPoint(text: string, standard: Point): Point {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d+))?$/.exec(text) ?? [];
  const host = isIP(text) === 6 ? text : (bracketed ?? plain);
  const port = digits === undefined ? standard.port : Number(digits);
  if (host === "" && digits !== undefined && port <= 65535) return { host: standard.host, port };
  if (host === undefined || isIP(host) === 0 || port > 65535) throw new Error("P2p_point.of_string");
  return { host, port };
}

export function writePoint({ host, port }: Point): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether an address is of this machine alone. */
export function isLoopback({ host }: Point): boolean {
  return host === "::1" || host.startsWith("127.");
}
