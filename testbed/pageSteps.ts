import { type Block, blocksOf, sidesOf } from "../docs/reference/markdownBlocks.ts";

/** One thing that a page tells its reader to do: to change the config, or to type a command. */
export type Step = { readonly change: ReturnType<typeof sidesOf> } | { readonly command: string };

/** The steps of a page in docs/guide/keys, in order: what the code blocks have that are marked with `keys`. */
export function stepsOf(page: string): Step[] {
  return blocksOf(`../guide/keys/${page}`)
    .filter(({ words }) => words.includes("keys"))
    .flatMap(stepsIn);
}

function stepsIn(block: Block): Step[] {
  if (block.language === "diff") return [{ change: sidesOf(block) }];
  return block.lines.map((command) => ({ command }));
}
