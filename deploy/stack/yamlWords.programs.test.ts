import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { dump, load } from "js-yaml";
import { root } from "../../local/machine/checkout.ts";
import { run } from "../../local/machine/run.ts";
import { ensureTools } from "../../local/toolchain/tools.ts";
import { progress } from "../cli/command.ts";
import type { Manifest } from "./manifest.ts";
import { printManifests, readManifests } from "./manifests.ts";

const folder = mkdtempSync(join(tmpdir(), "yaml-words-"));
let helm: string;
/** The types in all objects of charts in which no text is a word with a meaning in YAML. */
let plain: string[];

before(async () => {
  ({ helm } = await ensureTools(["helm"], progress));
  // A chart that reads texts as Kubernetes does, because helm's fromYaml is sigs.k8s.io/yaml.
  mkdirSync(join(folder, "reader/templates"), { recursive: true });
  writeFileSync(join(folder, "reader/Chart.yaml"), "{apiVersion: v2, name: reader, version: 0.1.0}\n");
  const template = "{{ $read := list }}{{ range .Values.texts }}{{ $read = append $read (fromYaml .) }}{{ end }}";
  writeFileSync(join(folder, "reader/templates/read.yaml"), `${template}read: {{ $read | toJson | b64enc }}\n`);
  plain = typesIn(await readByKubernetes(await templated("plain", "plain")));
});
after(() => rmSync(folder, { recursive: true }));

/** YAML documents as Kubernetes reads them. */
async function readByKubernetes(texts: string[]): Promise<unknown[]> {
  const words = ["template", "reader", join(folder, "reader"), "--values", "-"];
  const [, read = ""] = /^read: (\S+)$/m.exec(await run(helm, words, { input: JSON.stringify({ texts }) })) ?? [];
  return JSON.parse(Buffer.from(read, "base64").toString()) as unknown[];
}

function documentsIn(text: string): string[] {
  return text.split(/^---\n/m).filter((document) => readManifests(document).length > 0);
}

/** The name of the dashboard's file, which has the stack's name in it. */
const dashboardOf = (stack: string): string => `signer-forwarder-${stack}.json`;

/** The type at each path of each object. The name `word` counts as the name `plain`. */
function typesIn(objects: unknown[], word = "plain"): string[] {
  const plainNames = new Map([
    [word, "plain"],
    [dashboardOf(word), dashboardOf("plain")],
  ]);
  const leaves = (tree: unknown, path: string): string[] =>
    tree === null || typeof tree !== "object"
      ? [`${path}: ${tree === null ? "null" : typeof tree}`]
      : Object.entries(tree).flatMap(([key, entry]) =>
          leaves(entry, `${path}.${Array.isArray(tree) ? key : (plainNames.get(key) ?? key)}`),
        );
  return objects.flatMap((object) => leaves(object, (object as Manifest).kind)).sort();
}

const key = {
  address: "tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb",
  publicKey: "edpkvGfYw3LyB1UcCahKQk4rF2tvbMUk8GFiTuMjL75uGXrpvKXhjn",
};

/**
 * Charts with values in which every text that a user may choose is one word.
 *
 * `label` stands for texts that cannot be that word because they must start with a letter.
 */
function chartsWith(
  word: string,
  label: string,
): { release: string; chart: string; namespace: string; values: object }[] {
  const image = { repository: `registry/${word.toLowerCase()}`, tag: word };
  const labels = { release: word, [word]: word };
  const bakers = [label, `baker-${label}`];
  const objectName = word.toLowerCase().replaceAll("_", "-");
  const service = { type: "LoadBalancer", annotations: labels, loadBalancerClass: word };
  const kinds = ["PodMonitor", "PodMonitoring", "ServiceMonitor", "ConfigMap"];
  return [
    ...kinds.map((kind) => ({
      release: label,
      chart: "charts/baker",
      namespace: label,
      values: {
        image,
        network: label,
        delegates: [key.address],
        keys: [{ name: word.toLowerCase().replaceAll(/[^a-z0-9]/g, "-"), ...key, signerUrl: `http://${label}:8443` }],
        authentication: { ...key, secretName: objectName },
        router: {
          baker: label,
          replicas: [label],
          signers: [
            { name: label, port: 8443, keys: [{ address: key.address }], fallbacks: [`${label}-2`] },
            { name: `${label}-2`, port: 8453 },
          ],
        },
        routerImage: image,
        votes: { liquidityBakingToggleVote: "off" },
        snapshot: { url: `https://${label}`, sha256: "0".repeat(64) },
        storage: { className: objectName, clientClassName: objectName, size: "1G" },
        dal: { addressConfigMap: objectName, service },
        p2p: { service },
        remoteCallsTimeout: 1,
        operations: { minimalFees: 1, minimalNanotezPerByte: 1e3 },
        extraNodes: [`http://${label}`],
        extraArgs: { node: [word], dalNode: [word], baker: [word], accuser: [word] },
        extraContainers: [{ name: label, image: word }],
        extraVolumes: [{ name: label, emptyDir: { medium: word } }],
        podAnnotations: labels,
        monitoring: { kind, namespace: label, interval: "1m", labels },
        backup: { schedule: "1 1 1 1 1", keep: 7, snapshotClassName: objectName, image },
      },
    })),
    ...kinds.map((kind) => ({
      release: label,
      chart: "charts/signer-forwarder",
      namespace: label,
      values: {
        image,
        hostKeySecret: label,
        service: { alternatePorts: [443], annotations: labels, sourceRanges: ["::/0"] },
        signers: [
          { name: label, sshPublicKey: "ssh-rsa AAAA", port: 8443, keys: [{ address: key.address }], bakers },
          { name: `${label}-2`, sshPublicKey: "ssh-rsa BBBB", port: 8453, fallbacks: [] },
        ],
        networkPolicy: { podCidrs: ["::/64"] },
        monitoring: { kind, namespace: label, interval: "1m", labels },
      },
    })),
  ];
}

async function templated(word: string, label: string): Promise<string[]> {
  const texts = chartsWith(word, label).map(({ release, chart, namespace, values }) =>
    run(helm, ["template", release, join(root, chart), "--namespace", namespace, "--values", "-"], {
      input: JSON.stringify(values),
    }),
  );
  return (await Promise.all(texts)).flatMap(documentsIn);
}

const labels = ["no", "n", "y", "yes", "on", "off", "true", "false", "null"];
const values = ["NO", "Null", "1e3", "1.10", "10", "0x10", "0X10", "0440", "0o17", "0b11", "1_000", "2001-01-01"];
for (const [word, label] of [...labels.map((it) => [it, it]), ...values.map((it) => [it, "plain"])] as [
  string,
  string,
][]) {
  test(`what is named or says ${word} stays a text in every object of the charts, for Kubernetes and for us`, async () => {
    const texts = await templated(word, label);
    const read = await readByKubernetes(texts);
    assert.deepEqual(typesIn(read, word), plain);
    assert.deepEqual(texts.flatMap(readManifests), read);
    const namespaces = (read as Manifest[]).map(({ metadata }) => metadata.namespace).filter((it) => it !== undefined);
    assert.deepEqual([...new Set(namespaces)], [label]);
  });
}

test("a scalar without quotes is the same for Kubernetes and for us", async () => {
  const scalars = ["yes", "N", "~", "1e3", "5.", "0X1F", "-0b11", "0o17", "017", "08", "1_000", "_1", "1e400", "12:30"];
  const texts = scalars.map((scalar) => `a: ${scalar}\n`);
  assert.deepEqual(texts.flatMap(readManifests), await readByKubernetes(texts));
});

describe("a stack, a baker, a signer, an alias and all else named no", () => {
  let rendered: string;
  before(() => {
    const file = load(readFileSync(join(root, "Pulumi.dev.yaml"), "utf8")) as { config: Record<string, unknown> };
    const prefix = "remote-signer-cloud:";
    const [signer] = file.config[`${prefix}signers`] as object[];
    const [baker] = file.config[`${prefix}bakers`] as { delegates: { keys: { consensus: object[] } }[] }[];
    const [delegate] = baker?.delegates ?? [];
    const storage = { className: "no" };
    const backup = { schedule: "* * * * *", snapshotClassName: "no" };
    Object.assign(file.config, {
      [`${prefix}signers`]: [{ ...signer, name: "no" }],
      [`${prefix}bakers`]: [
        {
          ...baker,
          name: "no",
          network: "no",
          storage,
          backup,
          delegates: [
            { ...delegate, keys: { consensus: [{ ...delegate?.keys.consensus[0], name: "no", signer: "no" }] } },
          ],
        },
      ],
      [`${prefix}monitoring`]: { kind: "PodMonitor", namespace: "no", labels: { no: "yes", yes: "1" } },
      [`${prefix}images`]: {
        octez: { repository: "no/no", tag: "1e3" },
        signerForwarder: { repository: "no", tag: "1.10" },
      },
    });
    const path = join(folder, "Pulumi.no.yaml");
    writeFileSync(path, dump(file));
    const env = { ...process.env, PULUMI_CONFIG_PASSPHRASE: "remote-signer-cloud-dev" };
    const words = ["deploy/render.ts", "--stack", "no", "--config-file", path];
    const { status, stderr, stdout } = spawnSync(process.execPath, words, { cwd: root, encoding: "utf8", env });
    assert.equal(status, 0, stderr);
    rendered = stdout;
  });

  test("is read from what render prints as it is made", async () => {
    const documents = documentsIn(rendered);
    const objects = documents.flatMap(readManifests);
    assert.deepEqual(await readByKubernetes(documents), objects);
    assert.deepEqual(load(printManifests(objects.slice(0, 1))), objects[0]);
    const named = objects.filter(({ metadata }) => metadata.namespace !== undefined);
    assert.ok(named.length > 12 && named.every(({ metadata }) => metadata.namespace === "no"));
    const of = (kind: string) => objects.find((object) => object.kind === kind) as Manifest;
    assert.equal(of("Namespace").metadata.name, "no");
    assert.deepEqual(of("PodMonitor").metadata.labels?.no, "yes");
    assert.deepEqual(of("PodMonitor").metadata.labels?.yes, "1");
    assert.equal((of("CronJob").spec as { schedule: string }).schedule, "* * * * *");
  });
});
