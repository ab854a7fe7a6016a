import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { run } from "../../local/machine/run.ts";
import { architectures, type Build, buildDebianPackage, fileName } from "./debianPackage.ts";
import type { KitFacts } from "./kitFacts.ts";
import { allFacts, ledgerFacts } from "./sampleFacts.ts";

const folder = mkdtempSync(join(tmpdir(), "debian-package-"));
after(() => rmSync(folder, { recursive: true }));
const program = join(folder, "signer-host");
writeFileSync(program, "#!/bin/sh\n");
const build: Build = { architecture: "amd64", program, release: "0.1.0", epoch: 1_764_000_000 };

async function made(facts: KitFacts, how: Build = build): Promise<string> {
  const target = join(folder, fileName(facts, how));
  await buildDebianPackage(facts, how, target);
  return target;
}

const digest = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");

test("a package is named after its signer and the time, so that a later one is newer", async () => {
  const file = await made(ledgerFacts);
  assert.equal(file, join(folder, "remote-signer-home_0.1.0+20251124.160000_amd64.deb"));
  const later = "0.1.0+20251124.160001";
  await run("dpkg", ["--compare-versions", "0.1.0+20251124.160000", "lt", later]);
  await run("dpkg", ["--compare-versions", later, "lt", "0.2.0+20251124.160000"]);
});

test("its fields are Debian's, for each architecture", async () => {
  for (const architecture of architectures) {
    const field = (name: string) => run("dpkg-deb", ["--field", join(folder, fileName(ledgerFacts, how)), name]);
    const how = { ...build, architecture };
    await made(ledgerFacts, how);
    assert.equal((await field("Architecture")).trim(), architecture);
    assert.equal((await field("Package")).trim(), "remote-signer-home");
    assert.match(await field("Depends"), /^dbus, openssh-client \(>= 1:8\.7\), systemd \(>= 247\), udev$/m);
    // Without a newer line, so that the short description is one.
    assert.match(await field("Description"), /^signer host: home of the remote-signer-cloud stack prod\n /);
  }
});

test("the same facts and time make the same file, whatever the user's umask is", async () => {
  const first = digest(await made(ledgerFacts));
  const before = process.umask(0o077);
  try {
    assert.equal(digest(await made(ledgerFacts)), first);
  } finally {
    process.umask(before);
  }
  assert.notEqual(digest(await made({ ...ledgerFacts, port: 8463 })), first);
});

describe("everything in it is root's, and nobody else may write it:", () => {
  for (const [name, facts] of Object.entries(allFacts)) {
    test(name, async () => {
      const lines = (await run("dpkg-deb", ["--contents", await made(facts)])).trim().split("\n");
      assert.ok(lines.length > 20);
      for (const line of lines) assert.match(line, /^(drwxr-xr-x|-rw[x-]r-[x-]r-[x-]|lrwxrwxrwx) root\/root /, line);
      const executable = lines.filter((line) => line.startsWith("-rwx")).map((line) => line.split(" ").at(-1));
      assert.deepEqual(executable, ["./usr/bin/signer-host", "./usr/lib/remote-signer/dial"]);
    });
  }
});

test("its sums are those of its files", async () => {
  const tree = join(folder, "tree");
  await run("dpkg-deb", ["--raw-extract", await made(ledgerFacts), tree]);
  await run("md5sum", ["--check", "--strict", "DEBIAN/md5sums"], { cwd: tree });
  const files = (await run("find", [".", "-type", "f", "-not", "-path", "./DEBIAN/*"], { cwd: tree }))
    .trim()
    .split("\n");
  const sums = readFileSync(join(tree, "DEBIAN/md5sums"), "utf8").trim().split("\n");
  assert.deepEqual(sums.map((line) => `./${line.split("  ")[1]}`).sort(), files.sort());
});
