import { renameSync, writeFileSync } from "node:fs";

/** Writes a file that another process may be reading: it finds the old text or the new one, and never half of it. */
export function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
