import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A fenced code block of a Markdown page: its language, the words behind that, and its lines without their indent. */
export type Block = { readonly language: string; readonly words: readonly string[]; readonly lines: readonly string[] };

/** The code blocks of a page in this folder, in order. */
export function blocksOf(page: string): Block[] {
  const text = readFileSync(join(import.meta.dirname, page), "utf8");
  return [...text.matchAll(/^( *)```(\S+)(.*)\n([\s\S]*?)^\1```$/gm)].map(
    ([, indent = "", language = "", info, body]) => ({
      language,
      words: (info ?? "").split(" ").filter((word) => word !== ""),
      lines: (body ?? "")
        .split("\n")
        .slice(0, -1)
        .map((line) => line.slice(indent.length)),
    }),
  );
}

/** The text of a page's first block of a language. Throws if there is none. */
export function firstBlock(page: string, language: string): string {
  const block = blocksOf(page).find((block) => block.language === language);
  if (!block) throw new Error(`${page}: found no block of ${language}`);
  return block.lines.join("\n");
}

/** The two texts that a block of the language diff shows: before the change and after it. */
export function sidesOf({ lines }: Block): { readonly before: string; readonly after: string } {
  const side = (sign: string) =>
    lines
      .filter((line) => line[0] === " " || line[0] === sign)
      .map((line) => line.slice(1))
      .join("\n");
  return { before: side("-"), after: side("+") };
}
