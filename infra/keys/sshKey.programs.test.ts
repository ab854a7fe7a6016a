import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parseHostKey, parsePublicKey } from "./sshKey.ts";

const folder = mkdtempSync(join(tmpdir(), "ssh-key-"));
after(() => rmSync(folder, { recursive: true }));

/** Makes a key with ssh-keygen, and returns both halves as it writes them. */
function make(name: string, ...options: string[]) {
  const file = join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-f", file, "-C", "a comment of mine", "-N", "", ...options]);
  return { file, privateKey: readFileSync(file, "utf8"), publicKey: readFileSync(`${file}.pub`, "utf8") };
}

const kinds = [
  { name: "ed25519", options: ["-t", "ed25519"], type: "ssh-ed25519", fileName: "ssh_host_ed25519_key" },
  { name: "ecdsa256", options: ["-t", "ecdsa"], type: "ecdsa-sha2-nistp256", fileName: "ssh_host_ecdsa_key" },
  {
    name: "ecdsa384",
    options: ["-t", "ecdsa", "-b", "384"],
    type: "ecdsa-sha2-nistp384",
    fileName: "ssh_host_ecdsa_key",
  },
  {
    name: "ecdsa521",
    options: ["-t", "ecdsa", "-b", "521"],
    type: "ecdsa-sha2-nistp521",
    fileName: "ssh_host_ecdsa_key",
  },
  { name: "rsa", options: ["-t", "rsa", "-b", "2048"], type: "ssh-rsa", fileName: "ssh_host_rsa_key" },
  {
    name: "ecdsa-pem",
    options: ["-t", "ecdsa", "-m", "PEM"],
    type: "ecdsa-sha2-nistp256",
    fileName: "ssh_host_ecdsa_key",
  },
  { name: "rsa-pem", options: ["-t", "rsa", "-b", "3072", "-m", "PEM"], type: "ssh-rsa", fileName: "ssh_host_rsa_key" },
  {
    name: "rsa-pkcs8",
    options: ["-t", "rsa", "-b", "2048", "-m", "PKCS8"],
    type: "ssh-rsa",
    fileName: "ssh_host_rsa_key",
  },
];

for (const { name, options, type, fileName } of kinds) {
  test(`a key of ssh-keygen ${options.join(" ")} is read as ssh-keygen reads it`, () => {
    const { file, privateKey, publicKey } = make(name, ...options);
    const fingerprint = execFileSync("ssh-keygen", ["-l", "-f", file], { encoding: "utf8" }).split(" ")[1];
    const line = publicKey.split(" ").slice(0, 2).join(" ");
    assert.deepEqual(parsePublicKey(publicKey), { type, line, fingerprint });
    const hostKey = { type, line, fingerprint, fileName, pem: privateKey };
    assert.deepEqual(parseHostKey(privateKey), hostKey);
    assert.deepEqual(parseHostKey(privateKey.trim().replaceAll("\n", "\r\n")), hostKey);
  });
}
