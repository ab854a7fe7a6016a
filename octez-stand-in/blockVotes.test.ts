import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { blockVotes } from "./blockVotes.ts";

const root = mkdtempSync(join(tmpdir(), "votes-"));
const file = join(root, "per_block_votes.json");
const write = (content: string) => writeFileSync(file, content);
const fileOf = (vote: string) => JSON.stringify({ liquidity_baking_toggle_vote: vote });
after(() => rmSync(root, { recursive: true }));

for (const [vote, byte] of Object.entries({ on: 0, off: 1, pass: 2 })) {
  test(`a vote ${vote} is the byte ${byte}, from the option or from the file`, () => {
    write(fileOf(vote));
    assert.equal(blockVotes(vote, undefined, () => {})(), byte);
    assert.equal(blockVotes("off", file, () => {})(), byte);
  });
}

const broken: Readonly<Record<string, [content: string, message: RegExp]>> = {
  "is not JSON": ["{", /does not point to a valid JSON file/],
  "has another vote": [fileOf("maybe"), /content is unexpected/],
  "has no vote": ["{}", /content is unexpected/],
  "has a further field": ['{"liquidity_baking_toggle_vote":"on","extra":1}', /content is unexpected/],
};
for (const [what, [content, message]] of Object.entries(broken)) {
  test(`a vote file that ${what} stops the start, also with the option beside it`, () => {
    write(content);
    const lines: string[] = [];
    assert.throws(() => blockVotes("on", file, (line) => lines.push(line)), /Missing liquidity baking toggle vote/);
    assert.match(lines.join("\n"), message);
  });
}

test("the file is read for each block; one that is broken by then is logged, and the vote is that of the start", () => {
  write(fileOf("on"));
  const lines: string[] = [];
  const votes = blockVotes(undefined, file, (line) => lines.push(line));
  write(fileOf("off"));
  assert.equal(votes(), 1);
  rmSync(file);
  assert.equal(votes(), 0);
  assert.match(lines.join("\n"), /Error reading the block vote file: .* does not point to an existing file/);
});
