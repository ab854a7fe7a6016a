import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../local/machine/checkout.ts";

/** A server that hangs up once ssh has greeted. Resolves to its port, and to the greeting. */
async function listen() {
  let greeted: (text: string) => void;
  const greeting = new Promise<string>((resolve) => {
    greeted = resolve;
  });
  const server = createServer((call) => {
    call
      .on("error", () => {})
      .once("data", (data) => {
        greeted(data.toString());
        call.destroy();
      });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { server, greeting, port: (server.address() as AddressInfo).port };
}

test("a played device dials every endpoint of its stack, and shows each tunnel", { timeout: 60_000 }, async () => {
  const servers = [await listen(), await listen()];
  const folder = mkdtempSync(join(tmpdir(), "session-"));
  const outputs = join(folder, "outputs.json");
  const endpoints = servers.map(({ port }) => ({ host: "127.0.0.1", port, user: "signer" }));
  const signers = { home: { port: 8443, sshPort: 9443 } };
  writeFileSync(
    outputs,
    JSON.stringify({ signerEndpoints: endpoints, knownHosts: "127.0.0.1 ssh-ed25519 A\n", signers }),
  );
  const stack = `session-test-${process.pid}`;
  const words = [join(import.meta.dirname, "signer.ts"), "home", "--stack", stack, "--outputs", outputs];
  const played = spawn(process.execPath, words, { stdio: ["ignore", "ignore", "pipe"] });
  let shown = "";
  played.stderr.on("data", (data) => {
    shown += data;
  });
  try {
    for (const { greeting } of servers) assert.match(await greeting, /^SSH-2\.0-OpenSSH/);
    const [first, second] = servers.map(({ port }) => `127\\.0\\.0\\.1:${port}`);
    while (
      !new RegExp(`^home: reconnecting to ${first} \\(.+\\); reconnecting to ${second} \\(.+\\)$`, "m").test(shown)
    ) {
      await once(played.stderr, "data");
    }
  } finally {
    const ended = once(played, "exit");
    played.kill();
    await ended;
    for (const { server } of servers) server.close();
    rmSync(folder, { recursive: true });
    rmSync(join(root, ".local/signers", stack), { recursive: true, force: true });
  }
});
