import assert from "node:assert/strict";
import { test } from "node:test";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import { chainIdOf } from "../infra/names/chains.ts";
import { chainOf } from "./chain.ts";

const idOf = (network: string): string => b58Encode(chainOf(network).id.toString("hex"), PrefixV2.ChainID);

for (const network of ["mainnet", "ghostnet", "shadownet"]) {
  test(`the stand-in's ${network} has the id that a stack holds its keys to`, () => {
    assert.equal(idOf(network), chainIdOf(network));
  });
}

test("no stack knows the stand-in's sandbox, whose id is its own", () => {
  assert.equal(chainIdOf("sandbox"), undefined);
  assert.notEqual(idOf("sandbox"), chainIdOf("mainnet"));
});
