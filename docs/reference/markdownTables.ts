import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A table of a Markdown page: the heading above it, its columns, and its rows with cells by column name. */
export type Table = {
  readonly heading: string;
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string>>[];
};

/** The tables of a page in this folder, in order. */
export function tablesOf(page: string): Table[] {
  return tablesIn(readFileSync(join(import.meta.dirname, page), "utf8"));
}

/** The tables of a Markdown text, in order. Code blocks are skipped. */
function tablesIn(text: string): Table[] {
  const tables: Table[] = [];
  let heading = "";
  let lines: string[] = [];
  let isCode = false;
  for (const line of `${text}\n`.split("\n")) {
    if (line.startsWith("```")) isCode = !isCode;
    if (!isCode && line.startsWith("|")) {
      lines.push(line);
      continue;
    }
    if (lines.length > 0) tables.push(tableOf(heading, lines));
    lines = [];
    if (!isCode) heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
  }
  return tables;
}

function tableOf(heading: string, [head = "", , ...body]: readonly string[]): Table {
  const columns = cellsOf(head);
  const rows = body.map((line) => {
    const cells = cellsOf(line);
    if (cells.length !== columns.length)
      throw new Error(`${heading}: found a row of ${cells.length} cells, wanted ${columns.length}: ${line}`);
    return Object.fromEntries(columns.map((column, i) => [column, cells[i] as string]));
  });
  return { heading, columns, rows };
}

function cellsOf(line: string): string[] {
  return line
    .replace(/^\|\s*|\s*\|\s*$/g, "")
    .split(/\s*(?<!\\)\|\s*/)
    .map((cell) => cell.replaceAll("\\|", "|"));
}

/** The rows of all tables with this column. */
export function rowsWith(tables: readonly Table[], column: string): Readonly<Record<string, string>>[] {
  return tables.filter(({ columns }) => columns.includes(column)).flatMap(({ rows }) => rows);
}

/** The texts between backticks. */
export function codeIn(cell = ""): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code as string);
}
