/**
 * Reads JSON that may hold a key or a token. Throws an Error that names `where` it is from, and the place where V8 tells
 * it, and never the text: V8's own message quotes it.
 */
export function readJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const [, line, column] = /\(line (\d+) column (\d+)\)$/.exec((error as Error).message) ?? [];
    throw new Error(`${where}: ${line ? `line ${line}, column ${column}: ` : ""}found no JSON`);
  }
}
