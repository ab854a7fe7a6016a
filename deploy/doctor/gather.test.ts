import assert from "node:assert/strict";
import { test } from "node:test";
import { marksOfGuards } from "./gather.ts";

const line = (level: number) => `tz1key NetXdQprcVkpaWU attestation level ${level} round 0, at 2026-11-29T12:00:00Z`;
/** A pod whose guard remembers some lines, in a namespace whose routers remember others. */
const pod = (marks: string[], ofRouter = "") => ({
  marks: async () => marks,
  output: async (...words: string[]) => {
    assert.deepEqual(words.slice(0, 4), ["exec", "statefulset/baker-alice", "--container", "router"]);
    assert.deepEqual(words.slice(-1), ["marks"]);
    return ofRouter;
  },
});

test("a device is compared with what all replicas and routers have let through", async () => {
  const pods = [pod([line(7)], `${line(8)}\n`), pod([line(3)])] as const;
  assert.deepEqual(await marksOfGuards(pods, ["alice"]), { value: [line(7), line(3), line(8)] });
  assert.deepEqual(await marksOfGuards(pods, []), { value: [line(7), line(3)] });
});

test("nothing can be told if one of them can't be asked, as it may be the one that has let the last through", async () => {
  const silent = { ...pod([]), marks: () => Promise.reject(new Error("container not found")) };
  assert.deepEqual(await marksOfGuards([pod([line(7)]), silent], []), { error: "container not found" });
});
