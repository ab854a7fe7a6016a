import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../local/machine/checkout.ts";
import { codeIn, rowsWith, tablesOf } from "../reference/markdownTables.ts";

const onHost = tablesOf("../guide/doctor.md").filter(({ heading }) => heading === "On the signer host");
const source = globSync("signer-host/internal/doctor/*.go", { cwd: root })
  .filter((file) => !file.endsWith("_test.go"))
  .map((file) => readFileSync(join(root, file), "utf8"))
  .join("\n");

test("the page has the hops that the host's doctor examines, and no others", () => {
  const hops = [...source.matchAll(/\bd\.(?:ok|bad|unknown)\("([^"]+)"/g)].map(([, hop]) => hop as string);
  assert.ok(hops.length > 0, "found no hop in the Go source");
  const onPage = rowsWith(onHost, "hop").flatMap((row) => codeIn(row.hop));
  assert.deepEqual(onPage.sort(), [...new Set(hops)].sort());
});

test("the page has the options of the host's doctor", () => {
  const [, usage = ""] = /^const Usage = `([^`]+)`$/m.exec(source) ?? [];
  const onPage = rowsWith(onHost, "option").flatMap((row) => codeIn(row.option));
  assert.deepEqual(onPage, usage.match(/--[a-z]+/g));
});
