import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { expandHome, problemOfPath } from "./homePath.ts";

for (const [path, expanded] of [
  ["~", "/home/me"],
  ["~/.kube/config", "/home/me/.kube/config"],
  ["~/a b/config", "/home/me/a b/config"],
  [".local/kubeconfig", ".local/kubeconfig"],
  ["/srv/.kube/config", "/srv/.kube/config"],
  ["a/~/b", "a/~/b"],
  ["./~/b", "./~/b"],
  ["config~", "config~"],
] as const) {
  test(`the path ${path} is ${expanded}, as for a shell`, () => {
    assert.equal(problemOfPath(path), undefined);
    assert.equal(expandHome(path, "/home/me"), expanded);
    const env = { ...process.env, HOME: "/home/me" };
    const said = spawnSync("sh", ["-c", `printf %s ${path.replaceAll(" ", "\\ ")}`], { encoding: "utf8", env });
    assert.equal(said.stdout, expanded);
  });
}

describe("a path that only a shell understands is refused", () => {
  for (const path of ["~root/.kube/config", "~root", "~+/config", "$HOME/.kube/config", `$${"{HOME}"}/x`, "$(pwd)/x"])
    test(path, () => assert.match(problemOfPath(path) ?? "", /a path/));
});
