import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { answersOf, ForwarderPod } from "./forwarderPod.ts";
import { openPortForward } from "./portForward.ts";

const folder = mkdtempSync(join(tmpdir(), "forwarder-pod-"));
after(() => rmSync(folder, { recursive: true }));

/** A program in kubectl's place, which runs a script of sh. */
function program(name: string, script: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

const podOf = (name: string, script: string) =>
  new ForwarderPod(program(name, script), { kubeconfig: "a/b", context: "c" }, "prod");

test("kubectl is asked in the stack's namespace and cluster", async () => {
  const pod = podOf("echo", 'echo "$@"');
  assert.equal((await pod.kubectl("get", "pods")).stdout, "--kubeconfig a/b --context c --namespace prod get pods\n");
  assert.deepEqual(pod.command("x")[1], ["--kubeconfig", "a/b", "--context", "c", "--namespace", "prod", "x"]);
  const words = "exec deployment/signer-forwarder -- /usr/local/lib/signer-forwarder/forwarder";
  assert.deepEqual(await pod.marks(), [`--kubeconfig a/b --context c --namespace prod ${words} marks`]);
});

test("one replica that answers is enough, and of none the first one's words count", async () => {
  const fails = (words: string) => Promise.reject(new Error(words));
  assert.deepEqual(await answersOf([fails("gone"), Promise.resolve(7)]), [undefined, 7]);
  await assert.rejects(answersOf([fails("gone"), fails("away")]), { message: "gone" });
  await assert.rejects(answersOf([]), { message: "found no replica, wanted one" });
});

describe("a page", () => {
  const terminated = "echo 'command terminated with exit code 1' >&2; exit 1";
  test("has its text", async () => {
    assert.deepEqual(await podOf("page", "echo up 1").page("/metrics"), { status: 200, text: "up 1\n" });
  });
  test("that is not served has its status, and what it says", async () => {
    const pod = podOf("locked", `echo locked; echo 503 Service Unavailable >&2; ${terminated}`);
    assert.deepEqual(await pod.page("/signers/home/statusz/tz1"), { status: 503, text: "locked\n" });
  });
  test("without an answer is an error in kubectl's words", async () => {
    const pod = podOf("gone", 'echo "error: unable to upgrade connection: pod does not exist" >&2; exit 1');
    await assert.rejects(pod.page("/metrics"), { message: "error: unable to upgrade connection: pod does not exist" });
  });
});

describe("a port-forward", () => {
  test("is ready when it listens, says why a connection failed, and ends", async () => {
    const script = [
      "echo 'Forwarding from 127.0.0.1:41234 -> 9443'",
      "echo 'Forwarding from [::1]:41234 -> 9443'",
      "sleep 0.2; echo 'lost connection to pod' >&2; exec sleep 60",
    ].join("\n");
    const forward = await openPortForward([program("forward", script), []]);
    assert.equal(forward.port, 41_234);
    while (forward.said() === "") await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(forward.said(), "lost connection to pod");
    await forward.close();
  });

  test("that ends before it listens is an error in kubectl's words", async () => {
    const file = program("no-pod", "echo 'error: no pods found' >&2; exit 1");
    await assert.rejects(openPortForward([file, []]), {
      message: "kubectl port-forward: it ended\n  error: no pods found",
    });
  });

  test("without kubectl is an error", async () => {
    await assert.rejects(
      openPortForward([join(folder, "nothing"), []]),
      /^Error: kubectl port-forward: spawn .* ENOENT$/,
    );
  });
});
