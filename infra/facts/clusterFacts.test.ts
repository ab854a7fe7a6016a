import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, afterEach, beforeEach, test } from "node:test";
import type { StackConfig } from "../config/config.ts";
import { lookUpInCluster } from "./clusterFacts.ts";

const folder = mkdtempSync(join(tmpdir(), "cluster-facts-"));
const { PATH, PULUMI_NODEJS_ENGINE } = process.env;
const services = { items: [{ metadata: { name: "web", namespace: "shop" }, spec: { ports: [{ nodePort: 30022 }] } }] };
const config = { bakers: [], endpoint: { nodePort: 30022, alternatePorts: [] } } as unknown as StackConfig;

/** Makes a kubectl that records its arguments and its input, and answers. */
function kubectl(answer: string): void {
  const path = join(folder, "kubectl");
  writeFileSync(path, `#!/bin/sh\necho "$@" > ${folder}/words\ncat > ${folder}/input\n${answer}\n`);
  chmodSync(path, 0o755);
}
const given = (file: string) => readFileSync(join(folder, file), "utf8");

beforeEach(() => {
  process.env.PULUMI_NODEJS_ENGINE = "127.0.0.1:1";
  process.env.PATH = `${folder}${delimiter}/usr/bin${delimiter}/bin`;
  kubectl(`echo '${JSON.stringify(services)}'`);
});
afterEach(() => rmSync(join(folder, "words"), { force: true }));
after(() => {
  process.env.PATH = PATH;
  if (PULUMI_NODEJS_ENGINE === undefined) delete process.env.PULUMI_NODEJS_ENGINE;
  else process.env.PULUMI_NODEJS_ENGINE = PULUMI_NODEJS_ENGINE;
  rmSync(folder, { recursive: true });
});

test("a node port that another Service of the cluster has is a problem, before anything is made", async () => {
  const problems = await lookUpInCluster("dev", config, { kubeconfig: "a/kubeconfig", context: "here" });
  assert.deepEqual(problems, [
    {
      path: "endpoint.nodePort",
      found: "30022, which Service web of namespace shop has",
      wanted: "a node port that no other Service has",
    },
  ]);
  assert.match(given("words"), /^--kubeconfig a\/kubeconfig --context here get services --all-namespaces /);
});

test("a kubeconfig that is there as its content is no argument", async () => {
  const kubeconfig = '{"users": []}';
  assert.equal((await lookUpInCluster("dev", config, { kubeconfig, context: "here" })).length, 1);
  assert.match(given("words"), /^--kubeconfig \/dev\/stdin --context here /);
  assert.equal(given("input"), kubeconfig);
});

test("a cluster that does not answer is no problem of the config", async () => {
  kubectl("exit 1");
  assert.deepEqual(await lookUpInCluster("dev", config, { context: "here" }), []);
});

test("nobody is asked without the engine, nor of a load balancer", async () => {
  const endpoint = { alternatePorts: [443] };
  assert.deepEqual(
    await lookUpInCluster("dev", { bakers: [], endpoint } as unknown as StackConfig, { context: "here" }),
    [],
  );
  delete process.env.PULUMI_NODEJS_ENGINE;
  assert.deepEqual(await lookUpInCluster("dev", config, { context: "here" }), []);
  assert.throws(() => given("words"), /ENOENT/);
});
