import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type FileSink, fileOn } from "./eventSinks.ts";
import { Refusal } from "./octezError.ts";

/** Writes a line to standard output and to a program's log files. */
export type Say = (text: string) => void;

/** Opens log files, or ends the program as Octez does. A later line that its file has no room for is lost. */
export function openLog(program: string, files: readonly FileSink[]): Say {
  for (const file of files)
    try {
      if (file.createsFolder) mkdirSync(dirname(file.path), { recursive: true });
      appendFileSync(fileOn(file, new Date()), "", { mode: 0o600 });
    } catch (error) {
      throw new Refusal(`ERROR Initializing Internal_event_unix: ${(error as Error).message}`);
    }
  return (text) => {
    console.log(text);
    const now = new Date();
    for (const file of files)
      try {
        appendFileSync(fileOn(file, now), `${now.toISOString().replace("Z", "-00:00")} [${program}] ${text}\n`);
      } catch {
        // The program continues.
      }
  };
}
