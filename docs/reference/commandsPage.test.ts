import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { commonHelp } from "../../deploy/cli/command.ts";
import { root } from "../../local/machine/checkout.ts";
import { codeIn, rowsWith, tablesOf } from "./markdownTables.ts";

const read = (file: string): string => readFileSync(join(root, file), "utf8");
const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
const tables = tablesOf("commands.md");
/** The texts between backticks of a column, below a heading. */
const firstColumn = (heading: string, column: string): string[] =>
  rowsWith(
    tables.filter((table) => table.heading === heading),
    column,
  ).flatMap((row) => codeIn(row[column]));
const optionsIn = (texts: readonly string[]): string[] =>
  texts.flatMap((text) => text.match(/--[a-z][-a-z]*/g) ?? []).sort();
/** The options that a help text has a line for. */
const optionsOfHelp = (help: string): string[] => optionsIn(help.match(/^ {2}--[a-z][-a-z]*/gm) ?? []);

test("the commands page has the scripts of package.json, and no others", () => {
  const commands = firstColumn("Commands", "command").map(
    (command) => /^npm (?:run )?(?:-s )?([-\w]+)$/.exec(command)?.[1],
  );
  assert.deepEqual(commands.sort(), Object.keys(scripts).sort());
});

test("the common options are those of the commands' help", () => {
  assert.deepEqual(optionsIn(firstColumn("Common options", "option")), optionsOfHelp(commonHelp));
});

describe("the options of a command are those of its help:", () => {
  for (const [name, script] of Object.entries(scripts)) {
    const file = script.split(" ").at(-1) as string;
    const [, help] = (file.endsWith(".ts") && /^const help = `\n?([^`]*(?:\\`[^`]*)*)`;$/m.exec(read(file))) || [];
    if (help === undefined) continue;
    test(name, () => {
      assert.deepEqual(optionsIn(firstColumn(`npm run ${name}`, "option")), optionsOfHelp(help));
    });
  }
});

test("the parts of `npm test` and of `npm run bench` are those of their programs", () => {
  const partsIn = (file: string) => [...read(file).matchAll(/^ {2}async (\w+)\(/gm)].map(([, part]) => part as string);
  const testProgram = scripts.test?.split(" ").at(-1) as string;
  const parts = firstColumn("npm test", "part").map((part) => part.replace("npm test -- ", ""));
  assert.deepEqual(parts, partsIn(testProgram));
  assert.deepEqual(firstColumn("npm run bench", "word"), [...partsIn("bench/parts.ts"), "quick"]);
});

for (const [heading, program] of [
  ["In the forwarder's pod", "forwarder"],
  ["In a baker's pod", "router"],
] as const) {
  test(`the commands of the ${program} in its pod are those of its program`, () => {
    const [, usage = ""] = /^const usage = `([^`]+)`$/m.exec(read(`signer-forwarder/${program}/main.go`)) ?? [];
    const commands = usage.match(new RegExp(`^${program} \\w+( <\\w+>)?`, "gm"));
    assert.ok(commands && commands.length > 0, "found no usage in the Go source");
    assert.deepEqual(firstColumn(heading, "command"), commands);
  });
}
