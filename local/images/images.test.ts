import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { machineOptions } from "./buildah.ts";
import { contextHash, dockerfileOf, gatherContext } from "./buildContext.ts";
import { bootstrapArguments, debianMirrors, startsFromBase } from "./debianBase.ts";
import { archiveName, fullName } from "./images.ts";

test("image names are completed as container runtimes do", () => {
  for (const [tag, full] of [
    ["debian", "docker.io/library/debian:latest"],
    ["debian:trixie-slim", "docker.io/library/debian:trixie-slim"],
    ["tezos/tezos:octez-v25.2", "docker.io/tezos/tezos:octez-v25.2"],
    ["localhost/pause:1", "localhost/pause:1"],
    ["registry:5000/a/b", "registry:5000/a/b:latest"],
    ["ghcr.io/a/b:2", "ghcr.io/a/b:2"],
  ] as const) {
    assert.equal(fullName(tag), full);
  }
});

test("archives of one tag share a beginning that no other tag has", () => {
  assert.ok(archiveName("localhost/a:1", "abc").startsWith(archiveName("localhost/a:1", "")));
  assert.ok(!archiveName("localhost/a:10", "abc").startsWith(archiveName("localhost/a:1", "")));
});

test("mirrors are found in both forms of apt's sources", () => {
  const lines = "# deb http://old.example/debian trixie main\ndeb [arch=amd64] http://one.example/debian/ trixie main";
  assert.equal(debianMirrors([lines]).main, "http://one.example/debian");
  const blocks = "Types: deb\nURIs: https://two.example/debian-security\nSuites: bookworm-security";
  assert.deepEqual(debianMirrors([blocks]), {
    main: "http://deb.debian.org/debian",
    security: "https://two.example/debian-security",
  });
  const foreign = "deb https://packages.example/apt stable main\nURIs: http://archive.ubuntu.com/ubuntu";
  assert.equal(debianMirrors([foreign]).main, "http://deb.debian.org/debian");
});

test("the base comes with security updates, and starts no services", () => {
  const words = bootstrapArguments({ main: "http://m/debian", security: "http://s/debian-security" }).join("\n");
  assert.match(words, /deb http:\/\/s\/debian-security trixie-security main/);
  assert.match(words, /policy-rc\.d/);
});

test("only a Dockerfile on the base needs it", () => {
  assert.equal(startsFromBase("# x\nFROM docker.io/library/debian:trixie-slim AS build\n"), true);
  assert.equal(startsFromBase("FROM scratch\n# FROM docker.io/library/debian:trixie-slim\n"), false);
});

test("a context's hash sees contents, names, executability and extra files, and nothing else", () => {
  const folder = mkdtempSync(join(tmpdir(), "context-test-"));
  try {
    const dir = join(folder, "a");
    mkdirSync(dir);
    writeFileSync(join(dir, "Dockerfile"), "FROM scratch\n", { mode: 0o644 });
    const extra = join(folder, "extra");
    writeFileSync(extra, "1");
    const context = (files: Record<string, string>) => ({ dockerfile: "Dockerfile", files: { ".": dir, ...files } });
    const hash = (): string => contextHash(context({ "bin/x": extra }), "");
    const seen = [hash()];
    assert.equal(hash(), seen[0]);
    writeFileSync(extra, "2");
    seen.push(hash());
    chmodSync(extra, 0o755);
    seen.push(hash());
    writeFileSync(join(dir, "empty"), "");
    seen.push(hash());
    seen.push(contextHash(context({ "bin/y": extra }), ""), contextHash(context({}), "another base"));
    assert.equal(new Set(seen).size, seen.length);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a build gets what this machine has of certificates and settings, and nothing that it has not", () => {
  const folder = mkdtempSync(join(tmpdir(), "trust-test-"));
  try {
    assert.deepEqual(machineOptions({ GOPROXY: "", HOME: "/root" }, folder), []);
    writeFileSync(join(folder, "ca-certificates.crt"), "");
    assert.deepEqual(machineOptions({ GOPROXY: "https://proxy.example" }, folder), [
      "--volume",
      `${folder}:/mnt:ro`,
      "--build-arg",
      "GOPROXY=https://proxy.example",
      "--build-arg",
      "SSL_CERT_FILE=/mnt/ca-certificates.crt",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a context is put together from files of several places, and its Dockerfile is found in one of them", () => {
  const folder = mkdtempSync(join(tmpdir(), "context-test-"));
  try {
    const [one, two, target] = [join(folder, "one"), join(folder, "two"), join(folder, "target")];
    for (const [path, name] of [
      [one, "Dockerfile"],
      [two, "program"],
    ] as const) {
      mkdirSync(path);
      writeFileSync(join(path, name), name);
    }
    const context = { dockerfile: "a/Dockerfile", files: { "a/b": two, a: one, "go.mod": join(two, "program") } };
    assert.equal(dockerfileOf(context), join(one, "Dockerfile"));
    assert.equal(dockerfileOf({ dockerfile: "Dockerfile", files: { ".": one } }), join(one, "Dockerfile"));
    assert.throws(() => dockerfileOf({ ...context, dockerfile: "Dockerfile" }), /found no entry that holds Dockerfile/);
    gatherContext(context, target);
    assert.deepEqual(readdirSync(target, { recursive: true }).sort(), [
      "a",
      "a/Dockerfile",
      "a/b",
      "a/b/program",
      "go.mod",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
