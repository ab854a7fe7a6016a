import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bakerPorts, highestSignerPort, reservedPorts, sshPortOf } from "../../infra/names/ports.ts";
import { root } from "../../local/machine/checkout.ts";
import { packageFiles } from "../../signer-host/package/packageFiles.ts";
import { ledgerFacts } from "../../signer-host/package/sampleFacts.ts";
import { tablesOf } from "./markdownTables.ts";

const read = (file: string): string => readFileSync(join(root, file), "utf8");
const page = readFileSync(join(import.meta.dirname, "ports.md"), "utf8");
const chart = "charts/signer-forwarder";
const schema = JSON.parse(read(`${chart}/values.schema.json`));

/** The fixed ports below a heading, without duplicates. */
function portsBelow(heading: string): number[] {
  const tables = tablesOf("ports.md").filter((table) => table.heading === heading);
  return numbers(tables.flatMap(({ rows }) => rows).map(({ port = "" }) => /^\d+$/.exec(port)?.[0]));
}

function numbers(texts: Iterable<string | undefined>): number[] {
  return [...new Set([...texts].filter((text) => text !== undefined).map(Number))].sort((a, b) => a - b);
}

/** The ports that a pattern matches in a text. */
function portsIn(text: string, pattern: RegExp): number[] {
  return numbers([...text.matchAll(pattern)].map(([, port]) => port));
}

const forwarder = portsBelow("The forwarder pod");

test("the forwarder pod's fixed ports are those that no signer may have", () => {
  assert.deepEqual(forwarder, numbers(Object.keys(reservedPorts)));
});

test("they are those of the chart: of the pod, of its policy and of what a scraper is told", () => {
  assert.deepEqual(portsIn(read(`${chart}/templates/deployment.yaml`), /containerPort: (\d+)/g), forwarder);
  assert.deepEqual(portsIn(read(`${chart}/templates/networkpolicy.yaml`), /\{port: (\d+)/g), forwarder);
  const scraped = portsIn(read(`${chart}/templates/monitoring.yaml`), /^ +port: (\d+)$/gm);
  assert.deepEqual(scraped, [8404]);
  assert.ok(scraped.every((port) => forwarder.includes(port)));
});

test("they are those that the program listens on", () => {
  const files = globSync("signer-forwarder/**/*.go", { cwd: root }).filter((file) => !file.endsWith("_test.go"));
  const isOfRouter = (file: string) => file.startsWith("signer-forwarder/router/");
  const listened = (files: string[]) => portsIn(files.map(read).join("\n"), /"(?:[^"\s]*:)?([1-9]\d{3,4})"/g);
  assert.deepEqual(listened(files.filter((file) => !isOfRouter(file))), forwarder);
  assert.deepEqual(listened(files.filter(isOfRouter)), portsBelow("A router"));
  // sshd listens on no port, because the forwarder passes each connection to it.
  assert.doesNotMatch(read("signer-forwarder/sshd_config"), /^\s*(Port|ListenAddress)\b/m);
});

test("the image exposes the one that signers dial", () => {
  const exposed = portsIn(read("signer-forwarder/Dockerfile"), /^EXPOSE (\d+)$/gm);
  assert.deepEqual(exposed, [2222]);
  assert.ok(exposed.every((port) => forwarder.includes(port)));
});

test("a signer's port is in the page's range, and its ssh as far above it as the page says", () => {
  const [, least, most] = /P is from (\d+) to (\d+)\./.exec(page) ?? [];
  const [, offset] = /\| P \+ (\d+) \| 127\.0\.0\.1 \|/.exec(page) ?? [];
  const { minimum, maximum, not } = schema.properties.signers.items.properties.port;
  assert.deepEqual([Number(least), Number(most)], [minimum, maximum]);
  assert.equal(Number(most), highestSignerPort);
  assert.equal(Number(offset), sshPortOf(0));
  const taken = forwarder.flatMap((port) => [port, port - Number(offset)]);
  assert.deepEqual(numbers(not.enum.map(String)), numbers(taken.map(String)));
});

test("ssh's default port is the schema's and the chart's", () => {
  assert.match(page, /`endpoint\.port` \(22\)/);
  assert.match(read(`${chart}/values.yaml`), /^ {2}port: 22$/m);
});

test("a signer host's ports are those between which its package sends requests", () => {
  const texts = ["ssh_config", "wrapper.json"].map((name) => {
    const file = packageFiles(ledgerFacts).get(`etc/remote-signer/${name}`);
    return file && "content" in file ? file.content : "";
  });
  assert.deepEqual(portsBelow("The signer host"), portsIn(texts.join("\n"), /127\.0\.0\.1:(\d+)/g));
});

test("a baker pod's ports are those of its chart", () => {
  const bakers = globSync("charts/baker/templates/*", { cwd: root }).map(read).join("\n");
  const inside = portsIn(bakers, /http:\/\/127\.0\.0\.1:(\d+)/g);
  const outside = portsIn(bakers, /containerPort: (\d+)/g);
  assert.deepEqual(portsBelow("A baker pod"), numbers([...inside, ...outside].map(String)));
});

test("they and a router's are those that no signer's port may be", () => {
  const pods = [...portsBelow("A baker pod"), ...portsBelow("A router")];
  assert.deepEqual(numbers(Object.keys(bakerPorts)), numbers(pods.map(String)));
});

test("a signer's own ssh is as far from its port for the forwarder as for the config", () => {
  const offset = /\bconst sshOffset = (\d+)\b/.exec(read("signer-forwarder/internal/config/config.go"))?.[1];
  assert.equal(sshPortOf(8443), 8443 + Number(offset));
});
