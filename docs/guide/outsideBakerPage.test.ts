import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "js-yaml";
import { parseConfig } from "../../infra/config/config.ts";
import { bootstrap1, good, type Tree, values } from "../../infra/config/sampleConfig.ts";
import { outsideBakerOutput } from "../../infra/outsideBaker.ts";
import { firstBlock } from "../reference/markdownBlocks.ts";

/** The first block of a language, with real keys. */
const blockOf = (language: string): string =>
  firstBlock("../guide/outside-baker.md", language)
    .replaceAll("tz1…", bootstrap1.address)
    .replaceAll("edpk…", bootstrap1.publicKey);

test("the router's file on the page is what the output has for the config on the page", () => {
  const written = load(blockOf("yaml")) as Record<string, unknown>;
  const config = { ...good(), bakers: [], outsideBakers: written["remote-signer-cloud:outsideBakers"] } as Tree;
  const { outsideBakers, signers } = parseConfig("prod", values(config));
  const [baker] = outsideBakers;
  assert.ok(baker);
  const { router } = outsideBakerOutput(baker, signers, ["signer-forwarder-replica-0.prod.svc"]);
  assert.deepEqual(JSON.parse(blockOf("json")), router);
});
