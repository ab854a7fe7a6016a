import { readFileSync } from "node:fs";
import type { Say } from "./eventLog.ts";
import { isObject } from "./eventSinks.ts";
import { Refusal } from "./octezError.ts";

/** A vote on liquidity baking, and its byte in a block (per_block_votes_repr.ml of protocol U). */
const voteBytes = { on: 0, off: 1, pass: 2 } as const;
type ToggleVote = keyof typeof voteBytes;

/** The byte of the next block's votes. */
export type BlockVotes = () => number;

/**
 * The votes of a baker's blocks. A vote file is read for each block, and goes before `vote`. One that can't be read
 * stops the start. Later it is logged, and the vote is that of the start (src/lib_agnostic_baker/per_block_vote_file.ml).
 */
export function blockVotes(vote: string | undefined, file: string | undefined, say: Say): BlockVotes {
  const read = (path: string) => {
    say(`reading votes file: ${path}`);
    try {
      return readVoteFile(path);
    } catch (error) {
      say(`Error reading the block vote file: ${(error as Error).message}`);
      return undefined;
    }
  };
  const first = file === undefined ? vote : read(file);
  if (!isVote(first))
    throw new Refusal(
      "Missing liquidity baking toggle vote, please use either the --liquidity-baking-toggle-vote option, or the " +
        "--votefile option or a votes file in the default location: per_block_votes.json in the current working " +
        "directory or in the baker directory.",
    );
  say(`read liquidity baking toggle vote = "${first}"`);
  return () => {
    const now = file === undefined ? first : (read(file) ?? first);
    say(`Voting ${now} for liquidity baking toggle vote`);
    return voteBytes[now];
  };
}

function readVoteFile(file: string): ToggleVote {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new Error(`The provided block vote file path "${file}" does not point to an existing file.`);
  }
  let votes: unknown;
  try {
    votes = JSON.parse(text);
  } catch {
    throw new Error(
      `The provided block vote file path "${file}" does not point to a valid JSON file. ` +
        "The file exists but its content is not valid JSON.",
    );
  }
  const { liquidity_baking_toggle_vote: vote, ...others } = isObject(votes) ? votes : {};
  if (!isVote(vote) || Object.keys(others).length > 0)
    throw new Error(
      `The provided block vote file "${file}" is a valid JSON file but its content is unexpected. Expecting a JSON ` +
        `file containing '{"liquidity_baking_toggle_vote": value}' where value is one of "on", "off", or "pass".`,
    );
  return vote;
}

function isVote(value: unknown): value is ToggleVote {
  return typeof value === "string" && Object.hasOwn(voteBytes, value);
}
