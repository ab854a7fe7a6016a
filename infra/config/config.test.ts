import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { parseHostKey } from "../keys/sshKey.ts";
import { parseConfig } from "./config.ts";
import { ConfigError } from "./configError.ts";

function makeHostKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return String(privateKey.export({ type: "sec1", format: "pem" }));
}
const hostKey = makeHostKey();
const nextHostKey = makeHostKey();
const hostKeyFingerprint = parseHostKey(hostKey).fingerprint;
const homeKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICQRUWv/IFj9LhFlAiBNf2LpKS6FQJoGI37wOA48PHyK";
const officeKey = `${homeKey.slice(0, -4)}AAAA`;
const nextKey = `${homeKey.slice(0, -4)}BBBB`;
const bootstrap1 = {
  name: "main",
  address: "tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx",
  publicKey: "edpkuBknW28nW72KG6RoHtYW7p12T6GKc7nAbwYX5m8Wd9sDVC9yav",
  signer: "home",
};

const bootstrap2 = {
  name: "second",
  address: "tz1fv55cpdomJVPYA5M6BeUhqs9M1DbRB79A",
  publicKey: "edpku9tks4rKmTtjjcwTmMKYH18MamZgMxryTCQvFSDwEpMvXBoB9J",
  signer: "home",
};

type Tree = Record<string, unknown>;

/** A config without a mistake; each case changes one thing in it. */
function good() {
  return {
    cluster: { kind: "existing", context: "local" } as Tree,
    endpoint: { host: "signers.example.org" } as Tree,
    hostKey,
    hostKeyFingerprint,
    signers: [
      { name: "home", sshPublicKey: `${homeKey} my laptop`, port: 8443 },
      { name: "office", sshPublicKey: officeKey, nextSshPublicKey: `${nextKey} new`, port: 8453 },
    ] as Tree[],
    bakers: [{ name: "alice", network: "mainnet", keys: [bootstrap1] }] as { keys?: Tree[]; [key: string]: unknown }[],
  };
}

/** Values as Pulumi passes them. */
function values(config: Tree): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, /hostKey/i.test(key) ? String(value) : JSON.stringify(value)]),
  );
}

/** The problems of a good config after a change, as `path: found …; wanted …`. */
function problemsAfter(change: (config: ReturnType<typeof good>) => void, stack = "dev"): string[] {
  const config = good();
  change(config);
  try {
    parseConfig(stack, values(config as unknown as Tree));
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.match(error.message, /nothing was changed/);
    return error.problems.map(({ path, found, wanted }) => `${path}: found ${found}; wanted ${wanted}`);
  }
}

describe("a good config", () => {
  const config = parseConfig("dev", values(good() as unknown as Tree));

  test("keeps what it says, and the comment of a key is dropped", () => {
    assert.deepEqual(
      config.signers.map(({ name, port, sshPublicKey, nextSshPublicKey }) => [
        name,
        port,
        sshPublicKey.line,
        nextSshPublicKey?.line,
      ]),
      [
        ["home", 8443, homeKey, undefined],
        ["office", 8453, officeKey, nextKey],
      ],
    );
    assert.deepEqual(config.bakers, good().bakers);
    assert.equal(config.hostKey?.fileName, "ssh_host_ecdsa_key");
  });

  test("gets the program's defaults", () => {
    assert.deepEqual(config.endpoint, { host: "signers.example.org", port: 22, alternatePorts: [], sourceRanges: [] });
    const { cluster, endpoint, hostKey } = good();
    const small = parseConfig("dev", values({ cluster, endpoint, hostKey, hostKeyFingerprint }));
    assert.deepEqual([small.signers, small.bakers, small.images], [[], [], {}]);
  });

  test("may have a next host key, of the same type; an empty one is none", () => {
    const both = parseConfig("dev", values({ ...good(), nextHostKey }));
    assert.equal(both.nextHostKey?.fingerprint, parseHostKey(nextHostKey).fingerprint);
    assert.equal(parseConfig("dev", values({ ...good(), nextHostKey: "" })).nextHostKey, undefined);
  });

  test("may have several signers for a key, in the order that it says, and the same for the next key", () => {
    const signer = ["home", "office"];
    const keys = [
      { ...bootstrap1, signer },
      { ...bootstrap2, signer },
    ];
    const bakers = [{ name: "alice", network: "mainnet", keys }];
    assert.deepEqual(parseConfig("dev", values({ ...good(), bakers })).bakers, bakers);
    const other = [{ name: "alice", network: "mainnet", keys: [keys[0], { ...bootstrap2, signer: "office" }] }];
    assert.deepEqual(parseConfig("dev", values({ ...good(), bakers: other })).bakers, other);
  });

  test("is scraped as it says, and by Google's Prometheus where the cluster is Google's", () => {
    const mine = { kind: "PodMonitor", namespace: "monitoring", labels: { release: "prometheus" } };
    const gke = { kind: "gke", project: "my-project", region: "europe-west1", authorizedNetworks: ["0.0.0.0/0"] };
    const monitoringOf = (change: Tree) => parseConfig("dev", values({ ...good(), ...change })).monitoring;
    assert.equal(monitoringOf({}), undefined);
    assert.deepEqual(monitoringOf({ monitoring: mine }), mine);
    assert.deepEqual(monitoringOf({ cluster: gke }), { kind: "PodMonitoring", namespace: "gmp-system" });
    assert.deepEqual(monitoringOf({ cluster: gke, monitoring: { kind: "none" } }), { kind: "none" });
  });

  test("ends its host key with one newline, as sshd wants it", () => {
    assert.ok(config.hostKey?.pem.endsWith("-----\n"));
    assert.equal(
      parseConfig("dev", values({ ...good(), hostKey: hostKey.trim().replaceAll("\n", "\r\n") })).hostKey?.pem,
      config.hostKey?.pem,
    );
  });
});

describe("each mistake is one problem that says where it is", () => {
  const signer = (change: Tree) => (config: ReturnType<typeof good>) => {
    Object.assign(config.signers[1] as Tree, change);
  };
  const key = (change: Tree) => (config: ReturnType<typeof good>) => {
    config.bakers[0] = { ...config.bakers[0], keys: [{ ...bootstrap1, ...change }] };
  };
  const cases: [string, (config: ReturnType<typeof good>) => void, RegExp][] = [
    [
      "a private key as public key",
      signer({ sshPublicKey: hostKey }),
      /^signers\[1\]\.sshPublicKey: found a private key/,
    ],
    ["two keys on a line", signer({ sshPublicKey: `${officeKey} ${homeKey}` }), /sshPublicKey: found two keys/],
    ["options in front of a key", signer({ sshPublicKey: `no-pty ${officeKey}` }), /sshPublicKey: found options/],
    [
      "a newline in a key",
      signer({ sshPublicKey: `${officeKey}\n${homeKey}` }),
      /sshPublicKey: found more than one line/,
    ],
    ["a number as key", signer({ sshPublicKey: 7 }), /sshPublicKey: found 7/],
    [
      "the same key twice",
      signer({ sshPublicKey: `${homeKey} other` }),
      /signers\[1\]\.sshPublicKey: found the same key/,
    ],
    [
      "another's key as next key",
      signer({ nextSshPublicKey: homeKey }),
      /signers\[1\]\.nextSshPublicKey: found the same key; .*signers\[0\]\.sshPublicKey/,
    ],
    [
      "its own key as next key",
      signer({ nextSshPublicKey: officeKey }),
      /signers\[1\]\.nextSshPublicKey: found the same key; .*signers\[1\]\.sshPublicKey/,
    ],
    [
      "a private key as next key",
      signer({ nextSshPublicKey: hostKey }),
      /^signers\[1\]\.nextSshPublicKey: found a private key/,
    ],
    [
      "a name that the forwarder's own Service has",
      signer({ name: "forwarder" }),
      /signers\[1\]\.name: found "forwarder"/,
    ],
    ["the same name twice", signer({ name: "home" }), /signers\[1\]\.name: found "home"/],
    [
      "the same port twice",
      signer({ port: 8443 }),
      /signers\[1\]\.port: found 8443; .*8443 is used by signers\[0\]\.port\)/,
    ],
    [
      "another's port + 1000",
      signer({ port: 9443 }),
      /signers\[1\]\.port: found 9443; .*signers\[0\]\.port for its ssh/,
    ],
    ["a port whose ssh is another's port", signer({ port: 7443 }), /port: found 7443, whose ssh port is 8443/],
    [
      "port + 1000 past the last port",
      signer({ port: 64536 }),
      /signers\[1\]\.port: found 64536; wanted a whole number/,
    ],
    ["a privileged port", signer({ port: 1023 }), /signers\[1\]\.port: found 1023/],
    ["a port as text", signer({ port: "8453" }), /signers\[1\]\.port: found "8453"/],
    ["half a port", signer({ port: 8453.5 }), /signers\[1\]\.port: found 8453\.5/],
    ["sshd's own port", signer({ port: 2222 }), /signers\[1\]\.port: found 2222; .*sshd/],
    ["a port whose ssh is sshd's own", signer({ port: 1222 }), /whose ssh port is 2222; .*sshd/],
    ["the gateway's own port", signer({ port: 8404 }), /gateway/],
    ["the listener's own port", signer({ port: 8405 }), /listener/],
    ["no port", signer({ port: undefined }), /signers\[1\]\.port: found nothing/],
    ["a name with capitals", signer({ name: "Office" }), /signers\[1\]\.name: found "Office"; wanted a DNS label/],
    ["a name that a Service can't have", signer({ name: "o".repeat(57) }), /name: found "o+"; .*at most 56/],
    ["a misspelt key of a signer", signer({ prot: 1 }), /signers\[1\]: found an unknown key "prot"/],
    [
      "an encrypted host key",
      (c) => {
        c.hostKey = hostKey.replace("EC PRIVATE", "ENCRYPTED PRIVATE");
      },
      /^hostKey: found an encrypted/,
    ],
    [
      "a public host key",
      (c) => {
        c.hostKey = homeKey;
      },
      /^hostKey: found a public key/,
    ],
    [
      "a truncated host key",
      (c) => {
        c.hostKey = hostKey.slice(0, 100);
      },
      /^hostKey: found a private key that is cut off/,
    ],
    [
      "an empty host key",
      (c) => {
        c.hostKey = "";
      },
      /^hostKey: found nothing/,
    ],
    [
      "a host key that changed without a word",
      (c) => {
        c.hostKey = nextHostKey;
      },
      /^hostKeyFingerprint: found "SHA256:\S{43}"; wanted "SHA256:\S{43}", the fingerprint of hostKey$/,
    ],
    [
      "a host key without its fingerprint",
      (c) => void Reflect.deleteProperty(c, "hostKeyFingerprint"),
      new RegExp(`^hostKeyFingerprint: found nothing; wanted "${hostKeyFingerprint.replaceAll("+", "\\+")}"`),
    ],
    [
      "the host key as the next one",
      (c) => void Object.assign(c, { nextHostKey: `\n${hostKey}` }),
      /^nextHostKey: found the same key; wanted another than hostKey$/,
    ],
    [
      "a public key as the next host key",
      (c) => void Object.assign(c, { nextHostKey: homeKey }),
      /^nextHostKey: found a public key/,
    ],
    [
      "a baker with an unknown signer",
      key({ signer: "hoem" }),
      /^bakers\[0\]\.keys\[0\]\.signer: found "hoem"; .*"home", "office"/,
    ],
    [
      "an unknown signer in a list",
      key({ signer: ["home", "hoem"] }),
      /^bakers\[0\]\.keys\[0\]\.signer\[1\]: found "hoem"; .*"home", "office"/,
    ],
    [
      "a signer twice in a list",
      key({ signer: ["home", "office", "home"] }),
      /^bakers\[0\]\.keys\[0\]\.signer\[2\]: found "home"; wanted another than that of .*signer\[0\]/,
    ],
    [
      "no signer in a list",
      key({ signer: [] }),
      /keys\[0\]\.signer: found a list; wanted the name of a signer .*or a list/,
    ],
    ["no name of a signer", key({ signer: "" }), /keys\[0\]\.signer: found ""; wanted the name of a signer/],
    ["a number in a list of signers", key({ signer: ["home", 7] }), /keys\[0\]\.signer\S* found/],
    [
      "two orders of signers behind one listener",
      (c) => {
        c.bakers.push({ name: "bob", network: "mainnet", keys: [{ ...bootstrap2, signer: ["home", "office"] }] });
      },
      /^bakers\[1\]\.keys\[0\]\.signer: found "home", "office"; wanted "home", as for bakers\[0\]\.keys\[0\]\.signer/,
    ],
    ["an address with a wrong prefix", key({ address: "KT1PWx2mnDueood7fEmfbBDKx1D9BAnnXitn" }), /address: found "KT1/],
    [
      "an address with a wrong checksum",
      key({ address: "tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSy" }),
      /address: .*checksum/,
    ],
    [
      "a public key with a wrong checksum",
      key({ publicKey: `${bootstrap1.publicKey.slice(0, -1)}w` }),
      /publicKey: .*checksum/,
    ],
    [
      "a key that is not the address's",
      key({ address: "tz1fv55cpdomJVPYA5M6BeUhqs9M1DbRB79A" }),
      /address: found "tz1fv.*wanted tz1KqT/,
    ],
    [
      "a secret key as public key",
      key({ publicKey: "edsk3gUfUPyBSfrS9CCgmCiQsTCHGkviBDusMxDJstFtojtc1zcpsh" }),
      /publicKey: found what looks like a private key/,
    ],
    [
      "one address in two bakers",
      (c) => {
        c.bakers.push({ name: "bob", network: "mainnet", keys: [bootstrap1] });
      },
      /^bakers\[1\]\.keys\[0\]\.address: .*bakers\[0\]\.keys\[0\]/,
    ],
    [
      "a baker without keys",
      (c) => {
        c.bakers = [{ name: "alice", network: "mainnet", keys: [] }];
      },
      /bakers\[0\]\.keys: found a list; wanted at least one key/,
    ],
    [
      "a snapshot that is no URL",
      (c) => {
        Object.assign(c.bakers[0] as Tree, { snapshotUrl: "file:///x" });
      },
      /bakers\[0\]\.snapshotUrl: found "file/,
    ],
    ...(
      [
        ["a network in capitals", { network: "Mainnet" }, /^bakers\[0\]\.network: found "Mainnet"; .*lower case/],
        ["a network's URL with a space", { network: "https://a b" }, /^bakers\[0\]\.network: found "https/],
        ["a history mode that is none", { historyMode: "rolling_5" }, /^bakers\[0\]\.historyMode: found "rolling_5"/],
        ["an archive of some cycles", { historyMode: "archive:5" }, /^bakers\[0\]\.historyMode: found "archive:5"/],
        ["a class in capitals", { storage: { className: "Premium_RWO" } }, /\.storage\.className: found "Premium_RWO"/],
        ["a class with two dots", { storage: { className: "a..b" } }, /\.storage\.className: found "a\.\.b"/],
        ["a size that is none", { storage: { size: "100GB" } }, /\.storage\.size: found "100GB"/],
        ["a snapshot's URL with a space", { snapshotUrl: "https://a/b c" }, /\.snapshotUrl: found "https/],
        [
          "a minute that is none",
          { backup: { schedule: "99 * * * *" } },
          /schedule: found "99 .*minute numbers from 0 to 59/,
        ],
        ["a day that never comes", { backup: { schedule: "0 0 31 2 *" } }, /backup\.schedule: .*a day that comes/],
        [
          "a snapshot's class in capitals",
          { backup: { schedule: "0 0 * * *", snapshotClassName: "Mine" } },
          /ClassName: found "Mine"/,
        ],
      ] as const
    ).map(([name, settings, problem]): (typeof cases)[number] => [
      name,
      (c) => {
        Object.assign(c.bakers[0] as Tree, settings);
      },
      problem,
    ]),
    [
      "an image with a protocol",
      (c) => {
        Object.assign(c, { images: { signerForwarder: { repository: "https://registry.example.org/a" } } });
      },
      /^images\.signerForwarder\.repository: found "https.*without a protocol/,
    ],
    ...(
      [
        ["a backup whose schedule is not cron's", { schedule: "@daily" }, /backup\.schedule: found "@daily"; .*17 3/],
        ["a backup that is never taken", { keep: 3 }, /backup\.schedule: found nothing/],
        ["a backup that keeps none", { schedule: "0 * * * *", keep: 0 }, /backup\.keep: found 0/],
        ["a backup that keeps too many", { schedule: "0 * * * *", keep: 101 }, /backup\.keep: found 101/],
        ["a backup without a class", { schedule: "0 * * * *", snapshotClassName: "" }, /snapshotClassName: found ""/],
      ] as const
    ).map(([name, backup, problem]): (typeof cases)[number] => [
      name,
      (c) => {
        Object.assign(c.bakers[0] as Tree, { backup });
      },
      problem,
    ]),
    ...(
      [
        [
          "a monitor of an unknown kind",
          { kind: "podmonitor" },
          /^monitoring\.kind: found "podmonitor"; .*PodMonitoring/,
        ],
        ["a monitor of nobody's", { kind: "PodMonitor" }, /^monitoring\.namespace: found nothing; .*scraper/],
        ["an interval that is none", { kind: "none", interval: "15" }, /^monitoring\.interval: found "15"/],
        ["a label that is no text", { kind: "none", labels: { release: 1 } }, /^monitoring\.labels\.release: found 1/],
        [
          "a label that the forwarder has",
          { kind: "none", labels: { "app.kubernetes.io/name": "x" } },
          /^monitoring\.labels: found the label "app\.kubernetes\.io\/name"; wanted another/,
        ],
        [
          "a label that is none",
          { kind: "none", labels: { "a b": "x" } },
          /^monitoring\.labels: found the label "a b"/,
        ],
        ["a label's text that is none", { kind: "none", labels: { a: "b c" } }, /^monitoring\.labels\.a: found "b c"/],
        ["a namespace that is none", { kind: "PodMonitor", namespace: "Mine" }, /^monitoring\.namespace: found "Mine"/],
        ["an interval of years", { kind: "none", interval: "99999999m" }, /^monitoring\.interval/],
        ["a misspelt key of the monitor", { kind: "none", intervall: "15s" }, /^monitoring: .*"intervall"/],
      ] as const
    ).map(([name, monitoring, problem]): (typeof cases)[number] => [
      name,
      (c) => {
        Object.assign(c, { monitoring });
      },
      problem,
    ]),
    [
      "an unknown key",
      (c) => {
        Object.assign(c, { singers: [] });
      },
      /^: found an unknown key "singers"/,
    ],
    [
      "an image that changes by itself",
      (c) => {
        Object.assign(c, { images: { octez: { tag: "latest" } } });
      },
      /^images\.octez\.tag: found "latest"/,
    ],
  ];
  for (const [name, change, problem] of cases) {
    test(name, () => {
      const problems = problemsAfter(change);
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0] as string, problem);
    });
  }

  for (const stack of ["Dev", "my.stack", "default", "kube-system", "system-bakers", "a_b", "x".repeat(64)]) {
    test(`the stack's name ${stack} can't be its namespace's`, () => {
      const problems = problemsAfter(() => {}, stack);
      assert.equal(problems.length, 1);
      assert.match(problems[0] as string, /the stack's name/);
    });
  }
});

for (const key of ["hostKey", "nextHostKey"]) {
  test(`a ${key} that is kept in the clear is refused`, () => {
    const config = values({ ...good(), nextHostKey });
    assert.throws(
      () => parseConfig("dev", config, (name) => name !== key),
      ({ problems }: ConfigError) =>
        problems.length === 1 && problems[0]?.path === key && problems[0].found === "a plain text",
    );
  });
}

test("a touch may be waived for a security key, and for nothing else", () => {
  const wire = (...parts: string[]) =>
    Buffer.concat(parts.flatMap((part) => [Buffer.from([0, 0, 0, part.length]), Buffer.from(part, "latin1")]));
  const type = "sk-ssh-ed25519@openssh.com";
  const securityKey = `${type} ${wire(type, "k".repeat(32), "ssh:").toString("base64")}`;
  const waive = (key: string, waived: unknown) =>
    problemsAfter((config) => Object.assign(config.signers[0] as Tree, { sshPublicKey: key, noTouchRequired: waived }));
  assert.deepEqual(waive(securityKey, true), []);
  assert.deepEqual(waive(homeKey, false), []);
  assert.match(
    waive(homeKey, true).join(),
    /^signers\[0\]\.noTouchRequired: found true; wanted nothing: only a security key/,
  );
  assert.match(waive(securityKey, "yes").join(), /^signers\[0\]\.noTouchRequired: found "yes"; wanted true or false/);
});

test("all problems come in one error, next to each other", () => {
  const problems = problemsAfter((config) => {
    config.endpoint = { port: 22 };
    Object.assign(config.signers[0] as Tree, { port: "8443", name: "UPPER" });
    Object.assign(config.signers[1] as Tree, { sshPublicKey: homeKey, extra: true });
    config.bakers[0] = { name: "alice", keys: [{ ...bootstrap1, signer: "nobody" }] };
  });
  const paths = problems.map((problem) => problem.split(": ")[0]).sort();
  assert.deepEqual(paths, [
    "bakers[0].keys[0].signer",
    "bakers[0].network",
    "endpoint.host",
    "signers[0].name",
    "signers[0].port",
    "signers[1]",
    "signers[1].sshPublicKey",
  ]);
});

test("no message contains key material, wherever a private key was put", () => {
  const secret = hostKey.split("\n").slice(1, -2).join("");
  const edsk = "edsk3gUfUPyBSfrS9CCgmCiQsTCHGkviBDusMxDJstFtojtc1zcpsh";
  const places: ((config: ReturnType<typeof good>, text: string) => void)[] = [
    (c, text) => Object.assign(c.signers[0] as Tree, { name: text }),
    (c, text) => Object.assign(c.signers[0] as Tree, { sshPublicKey: text }),
    (c, text) => Object.assign(c.signers[0] as Tree, { port: text }),
    (c, text) => Object.assign(c.signers[0] as Tree, { [text]: 1 }),
    (c, text) => Object.assign(c, { signers: text }),
    (c, text) => {
      c.endpoint.host = `${text} `;
    },
    (c, text) => {
      c.cluster.kind = text;
    },
    (c, text) => {
      c.bakers[0] = { name: "alice", network: "mainnet", keys: [{ ...bootstrap1, publicKey: text }] };
    },
    (c, text) => {
      c.bakers[0] = { name: "alice", network: "mainnet", keys: [{ ...bootstrap1, signer: text }] };
    },
    (c, text) => {
      c.hostKey = `${text} and more`;
    },
    (c, text) => Object.assign(c, { nextHostKey: `${text} and more` }),
    (c, text) => {
      c.hostKeyFingerprint = text;
    },
  ];
  for (const place of places) {
    for (const text of [hostKey, secret, edsk]) {
      const problems = problemsAfter((config) => place(config, text)).join("\n");
      assert.notEqual(problems, "");
      for (const material of [secret.slice(0, 20), edsk.slice(0, 20)])
        assert.ok(!problems.includes(material), problems);
    }
  }
});
