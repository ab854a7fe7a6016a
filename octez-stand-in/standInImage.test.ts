import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { root } from "../local/machine/checkout.ts";
import { RunningProgram } from "./runningProgram.ts";
import { octezStandIn } from "./standInImage.ts";

test("the programs need nothing that the image's context does not have", async (t) => {
  const opt = mkdtempSync(join(tmpdir(), "opt-"));
  t.after(() => rmSync(opt, { recursive: true }));
  const programs = join(opt, "octez");
  // As the Dockerfile copies it.
  cpSync(join(import.meta.dirname, "package.json"), join(opt, "package.json"));
  for (const name of readdirSync(import.meta.dirname).filter((file) => /(?<!\.test)\.ts$/.test(file)))
    cpSync(join(import.meta.dirname, name), join(programs, name));
  for (const [to, from] of Object.entries(octezStandIn.extra))
    if (to !== "node")
      cpSync(join(root, from), join(to.startsWith("infra/") ? opt : programs, to), {
        recursive: true,
        dereference: true,
      });

  const data = join(opt, "data");
  const node = async (...args: string[]) => {
    const program = new RunningProgram("octez-node", [...args, "--data-dir", data], programs);
    assert.equal(await program.ended(), 0, program.lines.join("\n"));
  };
  await node("config", "init", "--network", "sandbox", "--rpc-addr", "127.0.0.1:0");
  await node("identity", "generate");
  const running = new RunningProgram("octez-node", ["run", "--data-dir", data], programs);
  await running.line(/now running/);
  await running.stop();
  for (const name of ["octez-baker", "octez-accuser", "octez-client", "wget"]) {
    const program = new RunningProgram(name, [], programs);
    assert.equal(await program.ended(), 1);
    assert.match(program.lines.join("\n"), new RegExp(`^${name}: (Unrecognized command|the stand-in takes)`));
  }
  assert.equal(dirname(dirname(octezStandIn.extra.node)), "node_modules/node");
});
