import assert from "node:assert/strict";
import { test } from "node:test";
import { findingsOf } from "../../deploy/doctor/decide.ts";
import { sampleFacts } from "../../deploy/doctor/sampleFacts.ts";
import { codeIn, rowsWith, tablesOf } from "../reference/markdownTables.ts";

test("the page has the hops that the stack's doctor examines, in their order", () => {
  const tables = tablesOf("../guide/doctor.md").filter(({ heading }) => heading === "From the cloud");
  const onPage = rowsWith(tables, "hop").flatMap((row) => codeIn(row.hop));
  assert.deepEqual(onPage, [...new Set(findingsOf(sampleFacts).map(({ hop }) => hop))]);
});
