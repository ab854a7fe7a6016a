import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { answer } from "../signer-host/dev/api.ts";
import { readTezosKeys } from "../signer-host/dev/keys.ts";
import { readPayload } from "../signer-host/dev/payload.ts";
import { Signing } from "../signer-host/dev/signing.ts";
import { WatermarkStore } from "../signer-host/dev/watermarkStore.ts";

/** The state of a stand-in host. A test writes it into a file, which is read at each request. */
export type HostState = {
  /** The wrapper's word for the device. */
  readonly device: "ready" | "absent" | "locked" | "busy" | "unknown";
  /** Whether the daemon knows its keys. */
  readonly isKnown: boolean;
  /** octez-signer's version. */
  readonly version: string;
  /** By how many seconds the clock is off. */
  readonly offset: number;
  /** By how many levels the device is ahead of what it was asked for here. */
  readonly ahead: number;
  /** Whether every request needs an authentication. */
  readonly isStrict: boolean;
  /** How long a signature takes, in milliseconds. */
  readonly signMs: number;
};

/** A host that is well. */
export const wellHost: HostState = {
  device: "ready",
  isKnown: true,
  version: "25.2",
  offset: 0.0002,
  ahead: 0,
  isStrict: false,
  signMs: 20,
};

/**
 * For tests: a signer's host with a wrapper's pages, whose faults a test makes by a file. It signs as the development
 * signer does. Its arguments are the folder with its keys, one for its watermarks, the file, and its port.
 */
async function serve(keyFolder: string, marksFolder: string, stateFile: string, port: number): Promise<void> {
  const state = (): HostState => JSON.parse(readFileSync(stateFile, "utf8")) as HostState;
  const marks: Record<string, Record<string, { level: number; round: number }>> = {};
  const keys = [...(await readTezosKeys(keyFolder))].map(([address, key]) => {
    const sign = async (bytes: Uint8Array, version?: number): Promise<string> => {
      await sleep(state().signMs);
      const { kind, level, round } = readPayload(bytes, key.isBls);
      marks[address] = { ...marks[address], [kind]: { level, round } };
      return key.sign(bytes, version);
    };
    return [address, { ...key, sign }] as const;
  });
  const signing = new Signing(new Map(keys), new WatermarkStore(marksFolder));
  const since = new Date().toISOString();
  createServer(async (request, response) => {
    const { method = "", url = "" } = request;
    const body = Buffer.concat(await request.toArray().catch(() => []));
    const { device, isKnown, version, offset, ahead, isStrict } = state();
    const send = (status: number, text: string): void => void response.writeHead(status).end(text);
    const [path = ""] = url.split("?");
    const [, key] = /^\/statusz\/(\w+)$/.exec(path) ?? [];
    if (isStrict) send(401, "");
    else if (path === "/healthz") send(200, healthPage(device, version, offset));
    else if (key !== undefined) {
      const own = Object.entries(marks[key] ?? {});
      const watermark = Object.fromEntries(own.map(([kind, mark]) => [kind, { ...mark, level: mark.level + ahead }]));
      send(
        device === "ready" && isKnown ? 200 : 503,
        JSON.stringify({ key, known: isKnown, device, since, watermark }),
      );
    } else if (device !== "ready") send(503, JSON.stringify({ device, since }));
    else {
      const contentType = request.headers["content-type"];
      const never = new AbortController().signal;
      const reply = await answer(signing, { method, target: url, contentType, body }, never);
      response.writeHead(reply.status, reply.headers.flat()).end(reply.body);
    }
  }).listen(port, "127.0.0.1");
}

function healthPage(device: string, version: string, offset: number): string {
  return [
    'signer_host_info{signer="home",stack="e2e",version="0.2.0"} 1',
    "signer_host_mains_online 0",
    'signer_host_battery_ratio{battery="BAT0"} 0.83',
    'signer_host_uplink_active{interface="wwan0",kind="modem"} 1',
    'signer_host_uplink_active{interface="eth0",kind="ethernet"} 0',
    "signer_host_daemon_up 1",
    `signer_host_daemon_info{version="${version}"} 1`,
    `signer_host_device_ready ${device === "ready" ? 1 : 0}`,
    ...["ready", "absent", "locked", "busy", "unknown"].map(
      (state) => `signer_host_device_state{state="${state}"} ${state === device ? 1 : 0}`,
    ),
    "signer_host_clock_synchronized 1",
    `signer_host_clock_offset_seconds ${offset}`,
    "",
  ].join("\n");
}

if (process.argv[1] === import.meta.filename) {
  const [keyFolder = "", marksFolder = "", stateFile = "", port] = process.argv.slice(2);
  await serve(keyFolder, marksFolder, stateFile, Number(port));
}
