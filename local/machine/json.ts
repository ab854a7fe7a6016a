/**
 * Reads JSON that may hold a key or a token. Throws an Error with `where` the text is from, and with line and column if
 * V8 reports them. The error never quotes the text, as V8's own message would.
 */
export function readJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const [, line, column] = /\(line (\d+) column (\d+)\)$/.exec((error as Error).message) ?? [];
    throw new Error(`${where}: ${line ? `line ${line}, column ${column}: ` : ""}found no JSON`);
  }
}
