import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  bootstrap1,
  bootstrap2,
  delegatesOf,
  type good,
  homeKey,
  hostKey,
  hostKeyFingerprint,
  nextHostKey,
  officeKey,
  problemsAfter,
  type Tree,
} from "./sampleConfig.ts";

describe("each mistake is one problem that says where it is", () => {
  const signer = (change: Tree) => (config: ReturnType<typeof good>) => {
    Object.assign(config.signers[1] as Tree, change);
  };
  const key = (change: Tree) => (config: ReturnType<typeof good>) => {
    config.bakers[0] = {
      ...config.bakers[0],
      delegates: [{ address: bootstrap1.address, keys: { consensus: [{ ...bootstrap1, ...change }] } }],
    };
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
    ["the port for monitoring", signer({ port: 8404 }), /health and metrics/],
    ["a port of a baker's own node", signer({ port: 8732 }), /port: found 8732; .*octez-node's RPC in a baker's pod/],
    ["the router's port for monitoring", signer({ port: 8441 }), /port: found 8441; .*the router's health/],
    [
      "an answer in no time",
      signer({ answerSeconds: 0.4 }),
      /answerSeconds: found 0\.4; wanted a number of seconds from 0\.5/,
    ],
    ["an answer in a minute", signer({ answerSeconds: 60 }), /answerSeconds: found 60; .*to 30/],
    ["an answer in words", signer({ answerSeconds: "5s" }), /answerSeconds: found "5s"/],
    ...(
      [
        ["a device of no kind", { url: "http://a:1" }, /\.kind: found nothing; wanted ledger, tezsign/],
        ["a device of an unknown kind", { kind: "trezor" }, /\.kind: found "trezor"/],
        ["a Ledger at a URL", { kind: "ledger", url: "http://a:1" }, /\.url: found "http.*wanted nothing/],
        ["a TCP device without its address", { kind: "tcp" }, /\.url: found nothing; wanted tcp:\/\/host:port/],
        ["a TCP device without a port", { kind: "tcp", url: "tcp://169.254.1.1" }, /\.url: found "tcp/],
        ["a TCP device in HTTP", { kind: "tcp", url: "http://a:1" }, /\.url: found "http/],
        ["tezsign in TLS", { kind: "tezsign", url: "https://a:1" }, /\.url: found "https/],
        ["Signatory below a path", { kind: "signatory", url: "http://a:1/b" }, /\.url: found "http/],
        ["no address of a device of one's own", { kind: "own" }, /\.url: found nothing; .*unix:\/path/],
        ["a relative socket", { kind: "own", url: "unix:a" }, /\.url: found "unix:a"/],
        ["a misspelt key of a device", { kind: "ledger", path: "0h" }, /: found an unknown key "path"/],
      ] as const
    ).map(([name, device, problem]): (typeof cases)[number] => [
      name,
      signer({ device }),
      new RegExp(`^signers\\[1\\]\\.device${problem.source}`),
    ]),
    ...(
      [
        ["a chip by its path", { chip: "/dev/gpiochip0", line: 6, lostWhen: "high" }, /\.chip: found "\/dev/],
        ["a line below the first", { chip: "gpiochip0", line: -1, lostWhen: "low" }, /\.line: found -1/],
        [
          "a level that is none",
          { chip: "gpiochip0", line: 6, lostWhen: 1 },
          /\.lostWhen: found 1; wanted high or low/,
        ],
      ] as const
    ).map(([name, mains, problem]): (typeof cases)[number] => [
      name,
      signer({ mains }),
      new RegExp(`^signers\\[1\\]\\.mains${problem.source}`),
    ]),
    ["a UPS without a host", signer({ ups: "ups" }), /^signers\[1\]\.ups: found "ups"; wanted NUT's name/],
    ["an option as UPS", signer({ ups: "-l@localhost" }), /^signers\[1\]\.ups: found "-l@localhost"/],
    [
      "an uplink as a text",
      signer({ uplinks: ["eth0"] }),
      /^signers\[1\]\.uplinks\[0\]: found "eth0"; wanted an object/,
    ],
    [
      "an interface that a shell would expand",
      signer({ uplinks: [{ interface: "$(id)" }] }),
      /^signers\[1\]\.uplinks\[0\]\.interface: found "\$\(id\)"; wanted the name of the host's/,
    ],
    [
      "two uplinks for one replica",
      signer({ uplinks: [{ interface: "eth0" }, { interface: "wwan0" }] }),
      /^signers\[1\]\.uplinks: found 2 uplinks/,
    ],
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
      /^bakers\[0\]\.delegates\[0\]\.keys\.consensus\[0\]\.signer: found "hoem"; .*"home", "office"/,
    ],
    [
      "an unknown signer in a list",
      key({ signer: ["home", "hoem"] }),
      /^bakers\[0\]\.delegates\[0\]\.keys\.consensus\[0\]\.signer\[1\]: found "hoem"; .*"home", "office"/,
    ],
    [
      "a signer twice in a list",
      key({ signer: ["home", "office", "home"] }),
      /^bakers\[0\]\.delegates\[0\]\.keys\.consensus\[0\]\.signer\[2\]: found "home"; wanted another than that of .*signer\[0\]/,
    ],
    [
      "no signer in a list",
      key({ signer: [] }),
      /consensus\[0\]\.signer: found a list; wanted the name of a signer .*or a list/,
    ],
    ["no name of a signer", key({ signer: "" }), /consensus\[0\]\.signer: found ""; wanted the name of a signer/],
    ["a number in a list of signers", key({ signer: ["home", 7] }), /consensus\[0\]\.signer\S* found/],
    [
      "two orders of signers behind one listener",
      (c) => {
        c.bakers.push({
          name: "bob",
          network: "mainnet",
          delegates: delegatesOf({ ...bootstrap2, signer: ["home", "office"] }),
        });
      },
      /^bakers\[1\]\.delegates\[0\]\.keys\.consensus\[0\]\.signer: found "home", "office"; wanted "home", as for bakers\[0\]\.delegates\[0\]\.keys\.consensus\[0\]\.signer/,
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
        const delegates = [{ address: bootstrap2.address, keys: { consensus: [bootstrap1] } }];
        c.bakers.push({ name: "bob", network: "mainnet", delegates });
      },
      /^bakers\[1\]\.delegates\[0\]\.keys\.consensus\[0\]\.address: .*bakers\[0\]\.delegates\[0\]\.keys\.consensus\[0\]/,
    ],
    [
      "a delegate without keys",
      (c) => {
        const delegates = [{ address: bootstrap1.address, keys: { consensus: [] } }];
        c.bakers = [{ name: "alice", network: "mainnet", delegates }];
      },
      /bakers\[0\]\.delegates\[0\]\.keys\.consensus: found a list; wanted at least one key/,
    ],
    [
      "a snapshot that is no URL",
      (c) => {
        Object.assign(c.bakers[0] as Tree, { snapshot: { url: "file:///x" } });
      },
      /bakers\[0\]\.snapshot\.url: found "file/,
    ],
    ...(
      [
        ["a network in capitals", { network: "Mainnet" }, /^bakers\[0\]\.network: found "Mainnet"; .*lower case/],
        ["a network's URL with a space", { network: "https://a b" }, /^bakers\[0\]\.network: found "https/],
        ["a chain's id with a wrong letter", { chainId: "NetXdQprcVkpaWV" }, /chainId: found "NetX.*right checksum/],
        ["a chain's name", { chainId: "main" }, /chainId: found "main"; wanted a chain's id/],
        ["a block in no time", { minimalBlockSeconds: 0 }, /minimalBlockSeconds: found 0; wanted .* from 0\.1 to 3600/],
        ["a history mode that is none", { historyMode: "rolling_5" }, /^bakers\[0\]\.historyMode: found "rolling_5"/],
        ["an archive of some cycles", { historyMode: "archive:5" }, /^bakers\[0\]\.historyMode: found "archive:5"/],
        ["a class in capitals", { storage: { className: "Premium_RWO" } }, /\.storage\.className: found "Premium_RWO"/],
        ["a class with two dots", { storage: { className: "a..b" } }, /\.storage\.className: found "a\.\.b"/],
        ["a size that is none", { storage: { size: "100GB" } }, /\.storage\.size: found "100GB"/],
        ["a snapshot's URL with a space", { snapshot: { url: "https://a/b c" } }, /\.snapshot\.url: found "https/],
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
        [
          "alerts that are a text",
          { kind: "none", alerts: "no" },
          /^monitoring\.alerts: found "no"; wanted true or false/,
        ],
        ["no silence at all", { kind: "none", silentMinutes: 1 }, /^monitoring\.silentMinutes: found 1; .*2 to 1440/],
        ["half a minute more", { kind: "none", silentMinutes: 2.5 }, /^monitoring\.silentMinutes: found 2\.5/],
        ["metered uplinks by number", { kind: "none", meteredUplinks: 1 }, /^monitoring\.meteredUplinks: found 1/],
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
