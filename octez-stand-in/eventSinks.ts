import { basename, dirname, extname, join } from "node:path";
import { Refusal } from "./octezError.ts";

// Where Octez's programs log: `active_sinks`, a list of URIs, in the client's `internal_events` and the node's
// `internal-events` (src/lib_base/internal_event_config.ml, src/lib_base/unix/file_descriptor_sink.ml).

/** A sink that writes to a file. If it is daily, the file's name contains the date. */
export type FileSink = { readonly path: string; readonly isDaily: boolean; readonly createsFolder: boolean };

const schemes = ["path", "stdout", "stderr", "syslog"].map((kind) => `file-descriptor-${kind}`).concat("unix-files");
const levels = ["debug", "info", "notice", "warning", "error", "fatal", "none"];
const formats = ["netstring", "pp-short", "pp-rfc5424", "pp", "one-per-line"];

/** The sinks of a program without a log config: a daily file in that folder, besides standard output. */
export function defaultSinks(folder: string): FileSink[] {
  return [{ path: join(folder, "daily.log"), isDaily: true, createsFolder: true }];
}

/** The files of a config's sinks. Refuses what Octez would refuse, and names the place in the config. */
export function fileSinks(value: unknown, place: string): FileSink[] {
  const config = isObject(value) ? value : refuse(place, "an object is expected");
  // At most one field: the list, by its present name or its former one.
  const [[name, uris] = ["active_sinks", []], extra] = Object.entries(config);
  const unknown = ["active_sinks", "activate"].includes(name) ? extra?.[0] : name;
  if (unknown !== undefined) refuse(place, `unexpected object field ${unknown}`);
  if (!Array.isArray(uris) || !uris.every((uri) => typeof uri === "string"))
    refuse(`${place}/${name}`, "a list of strings is expected");
  return (uris as string[]).flatMap(fileSink);
}

function fileSink(uri: string): FileSink[] {
  const [, scheme, path = "", query = ""] = /^([a-z][a-z0-9+.-]*):(?:\/\/[^/?]*)?([^?]*)\??(.*)$/.exec(uri) ?? [];
  const activating = "Internal Event Sink: Wrong Activation URI";
  if (scheme === undefined) throw new Refusal(`${activating}: Missing URI scheme "${uri}"`);
  if (!schemes.includes(scheme)) throw new Refusal(`${activating}: URI scheme not registered "${uri}"`);
  const options = new URLSearchParams(query);
  const check = (name: string, isRight: (text: string) => boolean, problem: string) => {
    const text = options.get(name);
    if (text !== null && !isRight(text)) throw new Refusal(`Parsing URI: ${uri}: ${problem}: "${text}"`);
  };
  check("level-at-least", (text) => levels.includes(text.toLowerCase()), "Wrong level");
  check("format", (text) => formats.includes(text), "Unknown format");
  check("advertise-levels", (text) => text === "true" || text === "false", "Expected bool, got");
  check("daily-logs", (text) => /^\d+$/.test(text), "daily-logs should be an integer");
  if (scheme !== "file-descriptor-path") return [];
  if (path === "" || path === "/") throw new Refusal(`Parsing URI: ${uri}: Missing path configuration.`);
  return [{ path, isDaily: options.has("daily-logs"), createsFolder: options.get("create-dirs") === "true" }];
}

/** The file of a sink on a day: `daily-20261128.log`. */
export function fileOn({ path, isDaily }: FileSink, day: Date): string {
  if (!isDaily) return path;
  const extension = extname(path);
  const date = day.toISOString().slice(0, 10).replaceAll("-", "");
  return join(dirname(path), `${basename(path, extension)}-${date}${extension}`);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuse(place: string, problem: string): never {
  throw new Refusal(`Invalid configuration file: at ${place}: ${problem}.`);
}
