import assert from "node:assert/strict";
import { test } from "node:test";
import { familyNames, familyOf } from "./machineFamilies.ts";

test("a family's disks are of the kinds that its machines attach", () => {
  const balanced = "hyperdisk-balanced";
  const regional = "hyperdisk-balanced-high-availability";
  const cases: [string, ReturnType<typeof familyOf>][] = [
    ["e2-standard-4", { disk: "pd-balanced", regionalDisk: "pd-balanced" }],
    ["n2d-custom-6-24576", { disk: "pd-balanced", regionalDisk: "pd-balanced" }],
    ["c2d-standard-8", { disk: "pd-balanced" }],
    ["c3d-standard-8-lssd", { disk: "pd-balanced", regionalDisk: regional }],
    ["n4-standard-8", { disk: balanced, regionalDisk: regional }],
    ["n4d-standard-8", { disk: balanced }],
    ["c4d-highmem-8", { disk: balanced, regionalDisk: regional }],
    ["c4a-standard-8", undefined],
    ["constructor-standard-8", undefined],
    ["", undefined],
  ];
  for (const [machineType, family] of cases) assert.deepEqual(familyOf(machineType), family, machineType);
});

test("the names are those that a config may use", () => {
  for (const name of familyNames.split(", ")) assert.ok(familyOf(`${name}-standard-8`), name);
});
