import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseHostKey } from "../keys/sshKey.ts";
import { parseConfig } from "./config.ts";
import type { ConfigError } from "./configError.ts";
import {
  bootstrap1,
  bootstrap2,
  delegatesOf,
  good,
  homeKey,
  hostKey,
  hostKeyFingerprint,
  nextHostKey,
  nextKey,
  officeKey,
  problemsAfter,
  type Tree,
  values,
} from "./sampleConfig.ts";

describe("a good config", () => {
  const config = parseConfig("dev", values(good() as unknown as Tree));

  test("keeps what it says, and the comment of a key is dropped", () => {
    assert.deepEqual(
      config.signers.map(({ name, port, sshPublicKey, nextSshPublicKey }) => [
        name,
        port,
        sshPublicKey?.line,
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
    const bakers = [{ name: "alice", network: "mainnet", delegates: delegatesOf(...keys) }];
    assert.deepEqual(parseConfig("dev", values({ ...good(), bakers })).bakers, bakers);
    const delegates = delegatesOf({ ...bootstrap1, signer }, { ...bootstrap2, signer: "office" });
    const other = [{ name: "alice", network: "mainnet", delegates }];
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

test("a signer may have no key yet, and its device is a Ledger unless another is named", () => {
  const config = good();
  Reflect.deleteProperty(config.signers[0] as Tree, "sshPublicKey");
  Object.assign(config.signers[1] as Tree, {
    device: { kind: "own", url: "unix:/run/mine.sock" },
    ups: "ups@nas:3493",
  });
  const { signers } = parseConfig("dev", values(config as unknown as Tree));
  assert.deepEqual(
    signers.map(({ sshPublicKey, device, answerSeconds, ups }) => [
      sshPublicKey?.type,
      device.kind,
      answerSeconds,
      ups,
    ]),
    [
      [undefined, "ledger", 5, undefined],
      ["ssh-ed25519", "own", 5, "ups@nas:3493"],
    ],
  );
});

test("a device's URL may have a name, an IPv4 or an IPv6 address", () => {
  for (const url of ["tcp://a.example:7732", "tcp://169.254.1.1:1", "tcp://[fe80::1]:7732"]) {
    const change = { device: { kind: "tcp", url } };
    assert.deepEqual(
      problemsAfter((config) => Object.assign(config.signers[1] as Tree, change)),
      [],
    );
  }
});

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
    config.bakers[0] = { name: "alice", delegates: delegatesOf({ ...bootstrap1, signer: "nobody" }) };
  });
  const paths = problems.map((problem) => problem.split(": ")[0]).sort();
  assert.deepEqual(paths, [
    "bakers[0].delegates[0].keys.consensus[0].signer",
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
      c.bakers[0] = { name: "alice", network: "mainnet", delegates: delegatesOf({ ...bootstrap1, publicKey: text }) };
    },
    (c, text) => {
      c.bakers[0] = { name: "alice", network: "mainnet", delegates: delegatesOf({ ...bootstrap1, signer: text }) };
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
