import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { KitFacts } from "./kitFacts.ts";
import { conffiles, maintainerScripts, packageFiles } from "./packageFiles.ts";
import { allFacts, bakersKey, ledgerFacts } from "./sampleFacts.ts";
import { locatorOf, walletFiles, wrapperConfig } from "./wrapperConfig.ts";

const units = "usr/lib/systemd/system";
const always = [
  "etc/remote-signer/ssh_config",
  "etc/remote-signer/wrapper.json",
  "usr/lib/remote-signer/dial",
  `${units}/multi-user.target.wants/remote-signer-tunnel@0.service`,
  `${units}/multi-user.target.wants/remote-signer-wrapper.service`,
  `${units}/remote-signer-tunnel@.service`,
  `${units}/remote-signer-tunnel@0.service.d/endpoint.conf`,
  `${units}/remote-signer-wrapper.service`,
  "usr/lib/sysusers.d/remote-signer.conf",
  "usr/lib/tmpfiles.d/remote-signer.conf",
  "usr/share/remote-signer/known_hosts",
];
const daemon = [
  `${units}/multi-user.target.wants/remote-signer-daemon.service`,
  `${units}/remote-signer-daemon.service`,
];
const ledger = [
  ...daemon,
  `${units}/remote-signer-daemon.service.d/ledger.conf`,
  "usr/lib/udev/rules.d/60-remote-signer-ledger.rules",
];
const wallet = ["public_key_hashs", "public_keys", "secret_keys"].map(
  (name) => `usr/share/remote-signer/wallet/${name}`,
);
const authentication = [
  `${units}/remote-signer-daemon.service.d/authentication.conf`,
  "usr/share/remote-signer/wallet/authorized_keys",
];

/** The content of a file of the package. */
function contentOf(facts: KitFacts, path: string): string {
  const file = packageFiles(facts).get(path);
  assert.ok(file && "content" in file, path);
  return file.content;
}

describe("the package has the files of its device, and no others:", () => {
  const extra: Record<string, string[]> = {
    ledger,
    tezsign: [],
    tcp: [...daemon, `${units}/remote-signer-daemon.service.d/tcp.conf`, ...wallet],
    signatory: [],
    "own, by HTTP": [],
    "own, by a socket": [...daemon, `${units}/remote-signer-daemon.service.d/own.conf`, ...wallet],
    "ledger, with authentication": [...ledger, ...authentication],
    "tezsign, with authentication": [],
    "tcp, with authentication": [
      ...daemon,
      `${units}/remote-signer-daemon.service.d/tcp.conf`,
      ...wallet,
      ...authentication,
    ],
    "ledger, with two endpoints": [
      ...ledger,
      `${units}/multi-user.target.wants/remote-signer-tunnel@1.service`,
      `${units}/remote-signer-tunnel@1.service.d/endpoint.conf`,
    ],
    "ledger, with two uplinks": [
      ...ledger,
      `${units}/multi-user.target.wants/remote-signer-tunnel@1.service`,
      `${units}/remote-signer-tunnel@1.service.d/endpoint.conf`,
    ],
    "ledger, with mains and a UPS": [
      ...ledger,
      `${units}/remote-signer-wrapper.service.d/mains.conf`,
      "usr/lib/sysusers.d/remote-signer-mains.conf",
      "usr/lib/udev/rules.d/60-remote-signer-mains.rules",
    ],
  };
  for (const [name, facts] of Object.entries(allFacts)) {
    test(name, () =>
      assert.deepEqual([...packageFiles(facts).keys()].sort(), [...always, ...(extra[name] ?? [])].sort()),
    );
  }
});

test("scripts can be executed, and links lead to units of the package", () => {
  const files = packageFiles(ledgerFacts);
  for (const [path, file] of files) {
    if ("link" in file) assert.ok(files.has(join(path, "..", file.link)), path);
    else assert.equal(file.isExecutable ?? false, file.content.startsWith("#!"), path);
  }
});

test("the tunnel dials the stack's endpoint, at each of its ports, and leads to the wrapper and to sshd", () => {
  const config = contentOf(ledgerFacts, "etc/remote-signer/ssh_config");
  const settings = config.split("\n").flatMap((line) => /^\s*([A-Z]\w+ .*)$/.exec(line)?.[1] ?? []);
  assert.deepEqual(settings[0], "Host signer-forwarder-0");
  for (const setting of [
    "HostName 198.51.100.7",
    "Port 30022",
    "HostKeyAlias 198.51.100.7",
    "RemoteForward 8453 127.0.0.1:8443",
    "RemoteForward 9453 127.0.0.1:22",
    'IdentityFile "/var/lib/remote-signer/tunnel/id_ed25519"',
    'UserKnownHostsFile "/var/lib/remote-signer/tunnel/known_hosts"',
  ]) {
    assert.ok(settings.includes(setting), setting);
  }
  assert.match(config, /^# How signer home dials the signer forwarder of stack prod\./);
  assert.doesNotMatch(config, /template|\$\{/);
  assert.match(
    contentOf(ledgerFacts, `${units}/remote-signer-tunnel@0.service.d/endpoint.conf`),
    /"PORTS=30022 30443"/,
  );
});

test("a tunnel dials each endpoint, with the same key and to the same ends", () => {
  const facts = allFacts["ledger, with two endpoints"] as KitFacts;
  const [, first, second, ...more] = contentOf(facts, "etc/remote-signer/ssh_config").split(/^Host signer-forwarder-/m);
  const settings = (text = "") => text.split("\n").flatMap((line) => /^\s+([A-Z]\w+ .*)$/.exec(line)?.[1] ?? []);
  assert.deepEqual([first?.[0], second?.[0], more], ["0", "1", []]);
  const own = (text: string | undefined, others: string | undefined) =>
    settings(text).filter((line) => !settings(others).includes(line));
  assert.deepEqual(own(first, second), ["HostName 198.51.100.7", "Port 30022", "HostKeyAlias 198.51.100.7"]);
  assert.deepEqual(own(second, first), ["HostName 198.51.100.8", "Port 30023", "HostKeyAlias 198.51.100.8"]);
  assert.match(contentOf(facts, `${units}/remote-signer-tunnel@1.service.d/endpoint.conf`), /"PORTS=30023"/);
  assert.deepEqual(JSON.parse(wrapperConfig(facts)).tunnels, [
    "remote-signer-tunnel@0.service",
    "remote-signer-tunnel@1.service",
  ]);
});

test("a host without uplinks in its config dials as its routes say", () => {
  assert.doesNotMatch(contentOf(ledgerFacts, "etc/remote-signer/ssh_config"), /Proxy/);
});

test("the wrapper is told where the daemon is, by the kind of the device", () => {
  const daemons = Object.entries(allFacts).map(([name, facts]) => [name, JSON.parse(wrapperConfig(facts)).daemon]);
  assert.deepEqual(Object.fromEntries(daemons), {
    ledger: "http://127.0.0.1:8442",
    tezsign: "http://127.0.0.1:20090",
    tcp: "http://127.0.0.1:8442",
    signatory: "http://127.0.0.1:6733",
    "own, by HTTP": "http://127.0.0.1:1234",
    "own, by a socket": "http://127.0.0.1:8442",
    "ledger, with authentication": "http://127.0.0.1:8442",
    "tezsign, with authentication": "http://127.0.0.1:20090",
    "tcp, with authentication": "http://127.0.0.1:8442",
    "ledger, with two endpoints": "http://127.0.0.1:8442",
    "ledger, with two uplinks": "http://127.0.0.1:8442",
    "ledger, with mains and a UPS": "http://127.0.0.1:8442",
  });
});

test("the wrapper is told all else", () => {
  assert.deepEqual(JSON.parse(wrapperConfig(allFacts["ledger, with mains and a UPS"] as KitFacts)), {
    stack: "prod",
    signer: "home",
    listen: "127.0.0.1:8443",
    daemon: "http://127.0.0.1:8442",
    device: { kind: "ledger" },
    answerSeconds: 5,
    tunnels: ["remote-signer-tunnel@0.service"],
    keys: ["tz1fv55cpdomJVPYA5M6BeUhqs9M1DbRB79A"],
    mains: { chip: "gpiochip0", line: 6, lostWhen: "high" },
    ups: "ups@localhost",
  });
});

test("octez-signer listens where the wrapper looks for it", () => {
  const unit = contentOf(ledgerFacts, `${units}/remote-signer-daemon.service`);
  const [, address, port] = /--address (\S+) --port (\d+) /.exec(unit) ?? [];
  assert.equal(JSON.parse(wrapperConfig(ledgerFacts)).daemon, `http://${address}:${port}`);
});

test("octez-signer gets the keys of a device that it reaches by an address", () => {
  const tcp = "tcp://169.254.1.1:7732/tz1fv55cpdomJVPYA5M6BeUhqs9M1DbRB79A";
  const files = walletFiles(allFacts.tcp as KitFacts);
  assert.deepEqual(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, JSON.parse(text)])), {
    public_key_hashs: [{ name: "main", value: "tz1fv55cpdomJVPYA5M6BeUhqs9M1DbRB79A" }],
    public_keys: [
      { name: "main", value: { locator: tcp, key: "edpku9tks4rKmTtjjcwTmMKYH18MamZgMxryTCQvFSDwEpMvXBoB9J" } },
    ],
    secret_keys: [{ name: "main", value: tcp }],
  });
  assert.equal(locatorOf({ kind: "own", url: "unix:/run/a.sock" }, "tz1a"), "unix:/run/a.sock?pkh=tz1a");
});

test("octez-signer signs for the stack's bakers alone where these sign their requests", () => {
  const facts = allFacts["ledger, with authentication"] as KitFacts;
  const { address, publicKey } = bakersKey;
  assert.deepEqual(JSON.parse(walletFiles(facts).authorized_keys ?? ""), [{ name: address, value: publicKey }]);
  // A global option stands before the command.
  assert.match(
    contentOf(facts, `${units}/remote-signer-daemon.service`),
    /^ExecStart=.* \$AUTHENTICATION launch http /m,
  );
  assert.match(
    contentOf(facts, `${units}/remote-signer-daemon.service.d/authentication.conf`),
    /^Environment=AUTHENTICATION=--require-authentication$/m,
  );
});

test("a scripts' names of signer and stack are filled in, and nothing else is left to fill", () => {
  const scripts = maintainerScripts({ ...ledgerFacts, signer: "cabin", stack: "test" });
  assert.deepEqual([...scripts.keys()].sort(), ["postinst", "postrm", "preinst", "prerm"]);
  for (const [name, script] of scripts) assert.doesNotMatch(script, /@[A-Z]+@/, name);
  assert.match(scripts.get("preinst") ?? "", /^wanted="signer cabin of stack test"$/m);
});

test("every file in etc is one whose changes apt keeps", () => {
  const inEtc = [...packageFiles(ledgerFacts).keys()].filter((path) => path.startsWith("etc/"));
  assert.deepEqual(inEtc.map((path) => `/${path}`).sort(), [...conffiles].sort());
});

test("no file of a package holds a private key", () => {
  for (const facts of Object.values(allFacts)) {
    for (const file of packageFiles(facts).values()) {
      if ("content" in file) assert.doesNotMatch(file.content, /PRIVATE KEY|edsk|spsk|p2sk|BLsk/);
    }
  }
});

test("the users and folders that the scripts and units name are those that the package makes", () => {
  const users = contentOf(ledgerFacts, "usr/lib/sysusers.d/remote-signer.conf");
  const known = new Set([...users.matchAll(/^[ug] (\S+)/gm)].map(([, name]) => name));
  const texts = [...packageFiles(allFacts["ledger, with mains and a UPS"] as KitFacts).values()].flatMap((file) =>
    "content" in file ? file.content : [],
  );
  known.add("gpio");
  for (const text of texts) {
    for (const [, name] of text.matchAll(/^(?:User|SupplementaryGroups)=(\S+)$|GROUP="(\S+)"/gm)) {
      if (name) assert.ok(known.has(name), name);
    }
  }
  const folders = contentOf(ledgerFacts, "usr/lib/tmpfiles.d/remote-signer.conf");
  const postinst = readFileSync(join(import.meta.dirname, "scripts/postinst"), "utf8");
  for (const folder of ["tunnel", "daemon"]) {
    assert.match(folders, new RegExp(`^d /var/lib/remote-signer/${folder} 0700 `, "m"));
    assert.match(postinst, new RegExp(`\\$state/${folder}\\b`));
  }
});
