import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { parseHostKey, parsePublicKey, SshKeyError } from "./sshKey.ts";

// Compares the keys that we accept with OpenSSH itself. `ssh-keygen -y` must read each host key that we give to sshd,
// and `ssh-keygen -l` must print the same fingerprint for each public key.

const isMissing = spawnSync("ssh-keygen", ["-?"]).error !== undefined;
const skip = isMissing && "there is no ssh-keygen on this machine to hold our reading against";
const folder = mkdtempSync(join(tmpdir(), "ssh-key-oracle-"));
after(() => rmSync(folder, { recursive: true }));

function made(name: string, ...options: string[]): { text: string; publicLine: string } {
  const file = join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-f", file, "-C", `käy of "${name}"`, "-N", "", ...options]);
  return { text: readFileSync(file, "utf8"), publicLine: readFileSync(`${file}.pub`, "utf8") };
}

/** A private key's public line as ssh-keygen reads it, or undefined if it can't. */
function readByKeygen(text: string): string | undefined {
  const file = join(folder, "read");
  writeFileSync(file, text, { mode: 0o600 });
  const { status, stdout } = spawnSync("ssh-keygen", ["-y", "-P", "", "-f", file], { encoding: "utf8" });
  return status === 0 ? stdout.split(" ").slice(0, 2).join(" ").trim() : undefined;
}

/** Whether we accept a host key's text. If we do, it must agree with ssh-keygen. */
function isTakenRightly(text: string): boolean {
  let key: ReturnType<typeof parseHostKey>;
  try {
    key = parseHostKey(text);
  } catch (error) {
    assert.ok(error instanceof SshKeyError, String(error));
    return false;
  }
  assert.equal(readByKeygen(key.pem), key.line);
  assert.deepEqual(parseHostKey(key.pem), key);
  return true;
}

const exported = (key: KeyObject, type: "pkcs1" | "sec1" | "pkcs8") => String(key.export({ type, format: "pem" }));
const rsa = (modulusLength: number, publicExponent = 65537) =>
  generateKeyPairSync("rsa", { modulusLength, publicExponent }).privateKey;
const onCurve = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve }).privateKey;
const ed25519 = () => generateKeyPairSync("ed25519").privateKey;

const good: Record<string, () => string> = {
  "ed25519 of ssh-keygen": () => made("ed25519", "-t", "ed25519").text,
  "RSA of ssh-keygen": () => made("rsa", "-t", "rsa", "-b", "2048").text,
  "ECDSA of ssh-keygen, 256 bits": () => made("ecdsa256", "-t", "ecdsa").text,
  "ECDSA of ssh-keygen, 521 bits": () => made("ecdsa521", "-t", "ecdsa", "-b", "521").text,
  "RSA of ssh-keygen -m PEM": () => made("rsa-pem", "-t", "rsa", "-b", "2048", "-m", "PEM").text,
  "ECDSA of ssh-keygen -m PKCS8": () => made("ecdsa-pkcs8", "-t", "ecdsa", "-b", "384", "-m", "PKCS8").text,
  "RSA in PKCS#8": () => exported(rsa(2048), "pkcs8"),
  "RSA in PKCS#1, exponent 3": () => exported(rsa(2048, 3), "pkcs1"),
  "ECDSA in SEC1": () => exported(onCurve("P-384"), "sec1"),
  "ed25519 in PKCS#8": () => exported(ed25519(), "pkcs8"),
};

for (const [name, make] of Object.entries({ ...good })) {
  if (!name.includes("in ")) continue;
  good[`${name}, under the name of another form`] = () =>
    make().replaceAll(/(BEGIN|END) [A-Z ]+/g, name.startsWith("RSA") ? "$1 EC PRIVATE KEY" : "$1 RSA PRIVATE KEY");
}

const lines = (text: string, width: number) => {
  const [, begin, body = "", end] = /^(-----[^-]+-----)([^-]+)(-----[^-]+-----)\n$/.exec(text) ?? [];
  return [begin, ...(body.replaceAll(/\s/g, "").match(new RegExp(`.{1,${width}}`, "g")) ?? []), end, ""].join("\n");
};

const harmless: Record<string, (text: string) => string> = {
  "as it was written": (text) => text,
  "spaces for newlines, as `echo $KEY` prints it": (text) => text.replaceAll("\n", " "),
  "carriage returns and newlines": (text) => text.replaceAll("\n", "\r\n"),
  "carriage returns alone": (text) => text.replaceAll("\n", "\r"),
  "no blank space between its lines": (text) => text.replaceAll("\n", ""),
  "backslash and n for newlines": (text) => text.replaceAll("\n", "\\n"),
  "backslash r, backslash n": (text) => text.replaceAll("\n", "\\r\\n"),
  "lines of 64": (text) => lines(text, 64),
  "lines of 76": (text) => lines(text, 76),
  "one long line": (text) => lines(text, 100_000),
  "lines of 3": (text) => lines(text, 3),
  "indented lines": (text) => text.replaceAll(/^/gm, "    "),
  "tabs in front of its lines": (text) => text.replaceAll(/^/gm, "\t"),
  "blank space behind its lines": (text) => text.replaceAll("\n", "  \n"),
  "empty lines between its own": (text) => text.replaceAll("\n", "\n\n"),
  "empty lines around it": (text) => `\n\n ${text}\n \n`,
  "no newline at its end": (text) => text.trimEnd(),
  "a byte order mark": (text) => `\ufeff${text}`,
};

describe("a host key that we take is one that ssh-keygen reads as the same", { skip }, () => {
  for (const [name, make] of Object.entries(good)) {
    test(name, () => {
      const text = make();
      const key = parseHostKey(text);
      for (const [what, change] of Object.entries(harmless)) {
        assert.ok(isTakenRightly(change(text)), what);
        assert.deepEqual(parseHostKey(change(text)), key, what);
      }
    });
  }

  test("a file of ssh-keygen stays what it is", () => {
    for (const options of [
      ["-t", "ed25519"],
      ["-t", "ecdsa"],
      ["-t", "rsa", "-b", "2048"],
    ]) {
      const { text } = made(`same-${options[1]}`, ...options);
      assert.equal(parseHostKey(text).pem, text);
    }
  });

  const openssl: Record<string, string[]> = {
    "ecparam -genkey": ["ecparam", "-name", "prime256v1", "-genkey"],
    "ecparam -genkey, with the curve written out": [
      "ecparam",
      "-name",
      "prime256v1",
      "-genkey",
      "-param_enc",
      "explicit",
    ],
    "genpkey -algorithm ed25519": ["genpkey", "-algorithm", "ed25519"],
    "genrsa -traditional": ["genrsa", "-traditional", "2048"],
  };
  const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
  for (const [name, words] of Object.entries(openssl)) {
    test(`openssl ${name}`, { skip: !hasOpenssl && "there is no openssl on this machine" }, () => {
      const text = execFileSync("openssl", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
      assert.ok(isTakenRightly(text));
      assert.ok(isTakenRightly(text.replaceAll("\n", " ")));
    });
  }

  test("a key that lost its end, at whichever character", () => {
    const { text } = made("cut", "-t", "ed25519");
    for (let length = 0; length < text.trimEnd().length; length++) assert.ok(!isTakenRightly(text.slice(0, length)));
    for (let lost = 1; lost < 200; lost++) {
      assert.ok(!isTakenRightly(text.replace(new RegExp(`.{${lost}}\\n-----END`, "s"), "\n-----END")), `${lost}`);
    }
  });

  for (const [name, ...options] of [
    ["ed25519", "-t", "ed25519"],
    ["ECDSA", "-t", "ecdsa"],
    ["RSA", "-t", "rsa", "-b", "2048"],
    ["RSA in PEM", "-t", "rsa", "-b", "2048", "-m", "PEM"],
    ["ECDSA in PEM", "-t", "ecdsa", "-m", "PEM"],
  ] as [string, ...string[]][]) {
    test(`a key with one changed byte, wherever it is: ${name}`, () => {
      const { text, publicLine } = made(`flipped-${name.replaceAll(" ", "-")}`, ...options);
      const body = Buffer.from(text.replaceAll(/-----.*/g, ""), "base64");
      for (let at = 0; at < body.length; at++) {
        const changed = Buffer.from(body);
        changed[at] = (changed[at] as number) ^ (1 << (at % 8));
        const flipped = text.replace(/(-----\n)[^-]+/, (_, begin) => `${begin}${changed.toString("base64")}\n`);
        // A comment or a meaningless name may change without harm. The key must not.
        if (isTakenRightly(flipped)) {
          assert.equal(parseHostKey(flipped).line, publicLine.split(" ").slice(0, 2).join(" "), `byte ${at}`);
        }
      }
    });
  }
});

describe("a public key is read as ssh-keygen -l reads it", { skip }, () => {
  const fingerprint = (text: string) => {
    const { status, stdout } = spawnSync("ssh-keygen", ["-l", "-f", "-"], { encoding: "utf8", input: text });
    return status === 0 ? stdout.split(" ")[1] : undefined;
  };
  const kinds = [
    ["-t", "ed25519"],
    ["-t", "ecdsa", "-b", "384"],
    ["-t", "rsa", "-b", "2048"],
  ];
  for (const options of kinds) {
    test(`with any comment and any blank space: ${options.join(" ")}`, () => {
      const [type, base64] = made(`public-${options[1]}`, ...options).publicLine.split(" ");
      const key = `${type} ${base64}`;
      for (const text of [
        key,
        `${key}\n`,
        `${key}\r\n`,
        `  \t${key}`,
        `${type}\t${base64}`,
        `${type}  \t  ${base64}   `,
        `${key}\tname`,
        `${key} a comment\twith tabs\t`,
        `${key} Büro, 東京, 🔑, \u00a0, \u2028, \u0085, \u200b`,
        `${key} ssh-ed25519`,
        `${key} ssh-rsa key of mine`,
        `${key} my ecdsa-sha2-nistp256 key, no ssh-dss one`,
        `${key} sk-ssh-ed25519@openssh.com sk-ecdsa-sha2-nistp256@openssh.com`,
        `${key} PRIVATE KEY no-pty,command="x" # \\ ' " \`$(x)\``,
        `${key} ${"long ".repeat(1000)}`,
      ]) {
        const found = fingerprint(text);
        assert.ok(found, `ssh-keygen does not take ${JSON.stringify(text)}`);
        assert.deepEqual(parsePublicKey(text), { type, line: key, fingerprint: found }, JSON.stringify(text));
      }
    });
  }

  test("a byte that was changed is seen, or makes another key for ssh-keygen as well", () => {
    for (const options of kinds) {
      const [type = "", base64 = ""] = made(`changed-${options[1]}`, ...options).publicLine.split(" ");
      const body = Buffer.from(base64, "base64");
      for (let at = 0; at < body.length; at += at < 60 ? 1 : 7) {
        const changed = Buffer.from(body);
        changed[at] = (changed[at] as number) ^ (1 << (at % 8));
        const text = `${type} ${changed.toString("base64")}`;
        let key: ReturnType<typeof parsePublicKey>;
        try {
          key = parsePublicKey(text);
        } catch {
          continue;
        }
        assert.equal(key.fingerprint, fingerprint(text), `byte ${at}`);
      }
    }
  });
});
