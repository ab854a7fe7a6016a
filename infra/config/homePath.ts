import { join } from "node:path";

/** What is wrong with a path that no shell expands, or undefined. */
export function problemOfPath(text: string): string | undefined {
  if (text === "") return "the path of a kubeconfig file";
  if (/^~[^/]/.test(text))
    return "a path: ~/… is your own home directory, and another user's is to be written in full (./~… is a file of that name)";
  if (/^\$[A-Za-z_{(]/.test(text)) return "a path in full, or with ~/ in front: no variable is put in here";
  return undefined;
}

/** Expands a leading `~` as a shell does. */
export function expandHome(text: string, home: string): string {
  return text === "~" || text.startsWith("~/") ? join(home, text.slice(1)) : text;
}
