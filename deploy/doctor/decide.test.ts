import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "../cluster/forwarderPod.ts";
import { parseExposition } from "../observe/exposition.ts";
import { findingsOf } from "./decide.ts";
import type { ConfigFacts, Facts, RouterFacts } from "./facts.ts";
import { verdict } from "./finding.ts";
import {
  pageOf,
  requestLine,
  sampleConfig,
  sampleFacts,
  sampleFingerprint,
  sampleHost,
  sampleKey,
  sampleKeyPage,
  sampleMetrics,
  sampleRouter,
  wordsLine,
} from "./sampleFacts.ts";

/** Facts with other metrics of the forwarder. What is undefined is missing. */
const metrics = (changes: Record<string, number | undefined>): Facts => ({
  ...sampleFacts,
  metrics: { value: parseExposition(pageOf(defined({ ...sampleMetrics, ...changes }))) },
});

/** It signs requests without authentication. */
const authorized = { value: { status: 200, text: "{}\n" } };

/** Facts with another host behind the tunnel: its metrics, the page of its key, or a status of its own. */
function host(changes: Record<string, number | undefined>, keyPage: object = {}, base = sampleFacts): Facts {
  const health = { value: { status: 200, text: pageOf(defined({ ...sampleHost, ...changes })) } };
  const page = { ...sampleKeyPage, ...keyPage };
  return {
    ...base,
    hosts: {
      home: { health, authorized, keys: { [sampleKey]: { value: { status: 200, text: JSON.stringify(page) } } } },
    },
  };
}

const defined = (values: Record<string, number | undefined>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined));

const config = (changes: Partial<ConfigFacts>): Facts => ({
  ...sampleFacts,
  config: { value: { ...sampleConfig, ...changes } },
});
/** Facts with another log of the forwarder, and of a router that has seen the same requests. */
const log = (lines: string[], base = sampleFacts): Facts => ({
  ...base,
  log: { value: lines },
  routers: [
    routerOf(
      {},
      lines.filter((line) => line.endsWith("}")),
    ),
  ],
});
/** A router with other metrics and another log. */
const routerOf = (changes: Record<string, number | undefined>, lines: string[] = []): RouterFacts => ({
  baker: "alice",
  metrics: { value: parseExposition(pageOf(defined({ ...sampleRouter, ...changes }))) },
  log: { value: lines },
});
const replica = "signer-forwarder-replica-0.prod.svc";
const notFound: Page = { status: 404, text: "" };
const withoutWrapper: Facts = {
  ...sampleFacts,
  hosts: {
    home: { health: { value: { status: 200, text: "" } }, authorized, keys: { [sampleKey]: { value: notFound } } },
  },
};
/** The signer is away. Its log says why. */
const away = (...lines: string[]): Facts => ({
  ...log(
    lines.map((line) => wordsLine(60, line)),
    metrics({
      'signer_tunnel_up{signer="home"}': 0,
      'signer_tunnel_start_time_seconds{signer="home"}': undefined,
      'signer_answers{signer="home"}': 0,
      'signer_device_ready{signer="home"}': 0,
      'signer_check_duration_seconds{signer="home"}': undefined,
    }),
  ),
  hosts: {},
});

const hopsIn = (facts: Facts, state: string): string[] =>
  findingsOf(facts)
    .filter((finding) => finding.state === state && finding.dependsOn === undefined)
    .map(({ hop }) => hop);

test("of a stack that is well, only what no host tells is not known", () => {
  assert.deepEqual([hopsIn(sampleFacts, "bad"), hopsIn(sampleFacts, "unknown")], [[], ["options"]]);
  assert.equal(verdict(findingsOf(sampleFacts)), 2);
});

test("a signer without octez-signer is healthy", () => {
  const [signer] = sampleConfig.signers as [ConfigFacts["signers"][number]];
  const facts = config({ signers: [{ ...signer, device: "tezsign" }] });
  assert.deepEqual(
    findingsOf(facts).filter(({ state }) => state !== "ok"),
    [],
  );
  assert.equal(verdict(findingsOf(facts)), 0);
});

/** Faults: the one hop that is bad, what was found, and the cure. */
const faults: readonly [string, Facts, string, RegExp, RegExp][] = [
  [
    "a mistake in the config",
    { stack: "prod", now: 0, config: { error: 'the config of stack "prod" has 1 problem' } },
    "config",
    /1 problem/,
    /correct/,
  ],
  [
    "a cluster that is silent",
    { ...sampleFacts, cluster: { error: "dial tcp: connection refused" } },
    "cluster",
    /refused/,
    /get --raw \/readyz/,
  ],
  [
    "this machine's own cluster that is stopped",
    { ...config({ isLocal: true }), cluster: { error: "dial tcp: connection refused" } },
    "cluster",
    /refused/,
    /npm run up -- --stack prod starts/,
  ],
  [
    "a cluster that rejects a login",
    { ...sampleFacts, cluster: { error: "error: You must be logged in to the server (Unauthorized)" } },
    "cluster",
    /logged in/,
    /log in/,
  ],
  [
    "a context that is not there",
    { ...sampleFacts, cluster: { error: 'error: context "x" does not exist' } },
    "cluster",
    /context/,
    /get-contexts/,
  ],
  [
    "a stack that is not up",
    { ...sampleFacts, cluster: { value: false } },
    "cluster",
    /no namespace prod/,
    /^npm run up -- --stack prod$/,
  ],
  ["no pod of the forwarder", { ...sampleFacts, pods: { value: [] } }, "forwarder", /no pod/, /npm run up/],
  [
    "an image that can't be pulled",
    {
      ...sampleFacts,
      pods: {
        value: [{ isReady: false, restarts: 0, seconds: 60, reason: "ImagePullBackOff: Back-off pulling image" }],
      },
    },
    "forwarder",
    /ImagePullBackOff/,
    /images\.signerForwarder/,
  ],
  [
    "a forwarder that ends",
    { ...sampleFacts, pods: { value: [{ isReady: false, restarts: 4, seconds: 60, reason: "CrashLoopBackOff" }] } },
    "forwarder",
    /CrashLoop/,
    /logs deployment\/signer-forwarder --previous/,
  ],
  [
    "a forwarder of an older image",
    {
      ...sampleFacts,
      metrics: { error: "forwarder marks             print\n  forwarder forget <address>  have\n  command terminated" },
    },
    "forwarder",
    /older/,
    /build and push/,
  ],
  [
    "a pod that can't be asked",
    { ...sampleFacts, metrics: { error: "Error from server (Forbidden): pods/exec is forbidden" } },
    "forwarder",
    /can't be asked: .*forbidden/,
    /exec deployment\/signer-forwarder -- true/,
  ],
  [
    "pods that can't be listed",
    { ...sampleFacts, pods: { error: "Error from server (Forbidden): pods is forbidden" } },
    "forwarder",
    /can't be looked at: .*forbidden/,
    /get pods/,
  ],
  ["a host that does not dial", away(), "tunnel", /has no call of this host/, /signers\.example\.org port 22 or 443/],
  [
    "a host that does not dial, without the log",
    { ...away(), log: { error: "pods/log is forbidden" } },
    "tunnel",
    /the forwarder's log can't be read: pods\/log is forbidden/,
    /signers\.example\.org port 22 or 443/,
  ],
  [
    "a signer that the forwarder does not know yet",
    metrics({ 'signer_tunnel_up{signer="home"}': undefined, 'signer_tunnel_up{signer="office"}': 1 }),
    "forwarder",
    /does not know home/,
    /npm run up/,
  ],
  [
    "a name without an address",
    { ...sampleFacts, resolved: { error: "getaddrinfo ENOTFOUND signers.example.org" } },
    "name",
    /ENOTFOUND/,
    /DNS record with the address 203\.0\.113\.7/,
  ],
  [
    "a name of another address",
    { ...sampleFacts, resolved: { value: ["192.0.2.1"] } },
    "name",
    /192\.0\.2\.1, and the Service has 203\.0\.113\.7/,
    /DNS record with the address 203\.0\.113\.7/,
  ],
  [
    "a load balancer without an address",
    { ...sampleFacts, serviceAddresses: { value: [] } },
    "name",
    /no address/,
    /describe service/,
  ],
  [
    "a port that nobody answers",
    { ...away(), ports: [{ port: 22, answer: { error: "ECONNREFUSED" } }] },
    "port",
    /22: ECONNREFUSED/,
    /firewalls/,
  ],
  [
    "another host key",
    { ...away(), shownKeys: { value: ["ssh-ed25519 AAAAother"] } },
    "host key",
    /another host key/,
    /npm run up/,
  ],
  [
    "a key that was removed",
    away("home: refused from 203.0.113.9:4711: its key was removed or changed (SHA256:x)"),
    "login",
    /removed/,
    /sshPublicKey.*npm run up/,
  ],
  [
    "a key that the forwarder has not got yet",
    away(`refused 203.0.113.9:4711: no signer's key: ${sampleFingerprint} (ED25519)`),
    "login",
    /no signer's key/,
    /not yet: npm run up/,
  ],
  [
    "another key",
    away("refused 203.0.113.9:4711: no signer's key: SHA256:x (ED25519)"),
    "login",
    /no signer's key/,
    /if the fingerprint is that of the host/,
  ],
  [
    "another private key",
    away("home: refused from 203.0.113.9:4711: the signature is not by its key (SHA256:x)"),
    "login",
    /not by its key/,
    /private key/,
  ],
  [
    "another user",
    away('home: refused from 203.0.113.9:4711: found the user name "home", wanted "signer"'),
    "login",
    /user name/,
    /User/,
  ],
  [
    "a forward that is not the signer's",
    away(
      "home: connected from 203.0.113.9:4711 SHA256:x",
      "home: refused the forward 8500: not among its ports",
      "home: disconnected after 1s: its client ended (203.0.113.9:4711 SHA256:x)",
    ),
    "forwards",
    /8500/,
    /8443 and 9443/,
  ],
  [
    "a client that wants a shell",
    away(
      "home: connected from 203.0.113.9:4711 SHA256:x",
      "home: refused a session: there is no shell, command or subsystem",
    ),
    "forwards",
    /refused a session/,
    /nothing else/,
  ],
  [
    "a tunnel that broke",
    away(
      "home: connected from 203.0.113.9:4711 SHA256:x",
      "home: disconnected after 3h2m1s: its link is dead: no acknowledgement for 8s (203.0.113.9:4711 SHA256:x)",
    ),
    "tunnel",
    /its link is dead/,
    /network/,
  ],
  [
    "two hosts with one key",
    log([wordsLine(30, "home: 6 takeovers within a minute: do two hosts have its keys?"), requestLine(4)]),
    "tunnel",
    /takeovers/,
    /two hosts/,
  ],
  [
    "a link that is slow",
    metrics({ 'signer_check_duration_seconds{signer="home"}': 0.9 }),
    "round trip",
    /900 ms/,
    /another uplink/,
  ],
  [
    "no daemon behind the tunnel",
    log(
      [wordsLine(30, "home: nothing answers through its tunnel (closed without an answer: EOF); its bakers get 502")],
      {
        ...withoutWrapper,
        metrics: metrics({ 'signer_answers{signer="home"}': 0, 'signer_device_ready{signer="home"}': 0 })
          .metrics as NonNullable<Facts["metrics"]>,
      },
    ),
    "daemon",
    /closed without an answer/,
    /start the wrapper and the signer daemon/,
  ],
  [
    "a daemon that wants a log-in",
    log(
      [wordsLine(30, "home: nothing answers through its tunnel (it answers 401 to a check); its bakers get 502")],
      metrics({ 'signer_answers{signer="home"}': 0, 'signer_device_ready{signer="home"}': 0 }),
    ),
    "daemon",
    /401/,
    /have the signer daemon ask for no log-in/,
  ],
  [
    "a daemon that is down behind the wrapper",
    host({ signer_host_daemon_up: 0 }),
    "daemon",
    /the wrapper answers/,
    /restart remote-signer-daemon/,
  ],
  ["a key that the daemon does not know", host({}, { known: false }), "keys", /not known/, /import the key/],
  [
    "a device that is locked",
    host(
      { 'signer_host_device_state{state="ready"}': 0, 'signer_host_device_state{state="locked"}': 1 },
      { device: "locked", since: "2026-11-28T11:58:00Z" },
      metrics({ 'signer_device_ready{signer="home"}': 0 }),
    ),
    "device",
    /is locked since 2026-11-28T11:58:00Z/,
    /unlock/,
  ],
  [
    "a device that is absent, by the log alone",
    log([wordsLine(30, "home: connected, but its device can't sign: absent; its bakers get 502")], {
      ...withoutWrapper,
      metrics: metrics({ 'signer_device_ready{signer="home"}': 0 }).metrics as NonNullable<Facts["metrics"]>,
    }),
    "device",
    /is absent/,
    /plug/,
  ],
  [
    "a device that hangs, behind octez-signer alone",
    {
      ...withoutWrapper,
      metrics: metrics({ 'signer_device_ready{signer="home"}': 0 }).metrics as NonNullable<Facts["metrics"]>,
    },
    "device",
    /two requests/,
    /look at the device/,
  ],
  [
    "an octez-signer that is too old",
    host({ 'signer_host_daemon_info{version="25.2"}': undefined, 'signer_host_daemon_info{version="24.1"}': 1 }),
    "version",
    /24\.1.*wanted 25/,
    /install octez-signer 25/,
  ],
  [
    "a device that something else has asked",
    host({}, { watermark: { attestation: { level: 4712, round: 0 } } }),
    "marks",
    /level 4712.*level 4711/,
    /what else asks/,
  ],
  [
    "a device that is a round ahead",
    host({}, { watermark: { attestation: { level: 4711, round: 1 } } }),
    "marks",
    /round 1/,
    /what else asks/,
  ],
  ["a clock that is off", host({ signer_host_clock_offset_seconds: 3 }), "clock", /3\.000 s/, /timedatectl/],
  ["a clock that nobody keeps", host({ signer_host_clock_synchronized: 0 }), "clock", /no time daemon/, /timedatectl/],
  [
    "signatures that fail",
    log([requestLine(9), requestLine(8, { status: 502, cause: "timeout" })]),
    "signatures",
    /1 timeout/,
    /look at the device/,
  ],
  [
    "a signer that refuses to sign",
    log([1, 2, 3].map((s) => requestLine(s, { status: 500, cause: "signer error" }))),
    "signatures",
    /3 signer error/,
    /signer daemon's log/,
  ],
  [
    "a second baker",
    log([requestLine(9), requestLine(3, { refused: "watermark", status: 403 })]),
    "guard",
    /1 watermark/,
    /second baker/,
  ],
  [
    "a baker whose router can't be asked",
    { ...sampleFacts, routers: [{ baker: "alice", metrics: { error: "container not found" }, log: { error: "no" } }] },
    "routers",
    /^alice: can't be asked: container not found$/,
    /logs statefulset\/baker-alice --container router$/,
  ],
  [
    "a router that does not reach a replica",
    {
      ...sampleFacts,
      routers: [routerOf({ [`router_replica_up{signer="home",replica="${replica}"}`]: 0 }, [requestLine(4)])],
    },
    "routers",
    /^alice: gets no answer from signer-forwarder-replica-0\./,
    /NetworkPolicy/,
  ],
];

test("a router that does not reach a replica is a finding there, and not at the other one", () => {
  const second = replica.replace("replica-0", "replica-1");
  const up = (name: string) => `router_replica_up{signer="home",replica="${name}"}`;
  const routers = [routerOf({ [up(replica)]: 0, [up(second)]: 1 })];
  const [first, other] = [0, 1].map((number) =>
    findingsOf({ ...sampleFacts, config: { value: { ...sampleConfig, replica: number } }, routers }).find(
      ({ hop }) => hop === "routers",
    ),
  );
  assert.deepEqual([first?.state, first?.found], ["bad", `alice: gets no answer from ${replica}`]);
  assert.deepEqual([other?.state, other?.found], ["ok", "alice: reaches 1 of 2 replicas, asks home"]);
});

test("the cure of a pod that ends names the replica's Deployment", () => {
  const pods = { value: [{ isReady: false, restarts: 3, seconds: 60, reason: "CrashLoopBackOff" }] };
  const facts: Facts = { ...sampleFacts, config: { value: { ...sampleConfig, replica: 1 } }, pods };
  assert.match(
    findingsOf(facts).find(({ hop }) => hop === "forwarder")?.cure ?? "",
    / deployment\/signer-forwarder-1 /,
  );
});

test("a router tells which device it asks", () => {
  const facts: Facts = {
    ...sampleFacts,
    routers: [
      routerOf({
        'router_chosen{port="home",signer="home"}': undefined,
        'router_chosen{port="home",signer="office"}': 1,
      }),
    ],
  };
  const finding = findingsOf(facts).find(({ hop }) => hop === "routers");
  assert.deepEqual(
    [finding?.state, finding?.found],
    ["ok", "alice: reaches 1 of 1 replicas, asks office instead of home"],
  );
});

test("what a router alone has refused is the guard's too", () => {
  const refused = requestLine(3, { refused: "watermark", status: 403 });
  const facts: Facts = { ...sampleFacts, routers: [routerOf({}, [requestLine(9), refused])] };
  assert.deepEqual(hopsIn(facts, "bad"), ["guard"]);
});

test("a signer without an ssh key can't log in, and the forwarder need not know it", () => {
  const [signer] = sampleConfig.signers as [ConfigFacts["signers"][number]];
  const { metrics: none } = metrics({ 'signer_tunnel_up{signer="home"}': undefined });
  const facts: Facts = {
    ...config({ signers: [{ ...signer, fingerprints: [] }] }),
    ...(none && { metrics: none }),
    hosts: {},
  };
  const [bad, ...others] = findingsOf(facts).filter(({ state }) => state === "bad");
  assert.deepEqual([bad?.hop, others], ["login", []]);
  assert.match(bad?.cure ?? "", /give signer home the sshPublicKey/);
});

describe("the doctor names the fault, and its cure:", () => {
  for (const [what, facts, hop, found, cure] of faults) {
    test(what, () => {
      const findings = findingsOf(facts);
      const bad = findings.filter(({ state }) => state === "bad");
      assert.deepEqual(
        bad.map((finding) => finding.hop),
        [hop],
      );
      assert.match(bad[0]?.found ?? "", found);
      assert.match(bad[0]?.cure ?? "", cure);
      assert.equal(verdict(findings), 1);
    });
  }
});

test("hops after a bad one can't be told, and depend on it", () => {
  const findings = findingsOf(away("refused 203.0.113.9:4711: no signer's key: SHA256:x (ED25519)"));
  const dependent = findings.filter(({ dependsOn }) => dependsOn === "login").map(({ hop, state }) => [hop, state]);
  const hops = [
    "forwards",
    "tunnel",
    "round trip",
    "wrapper",
    "daemon",
    "authorized",
    "keys",
    "device",
    "version",
    "options",
    "clock",
    "marks",
    "signatures",
  ];
  assert.deepEqual(
    dependent,
    hops.map((hop) => [hop, "unknown"]),
  );
});

test("without the config nothing is known of any signer", () => {
  const findings = findingsOf({ stack: "prod", now: 0, config: { error: "no" } });
  assert.deepEqual(
    findings.map(({ hop, dependsOn }) => [hop, dependsOn]),
    [
      ["config", undefined],
      ...["cluster", "forwarder", "routers", "name", "port", "host key", "traffic"].map((hop) => [hop, "config"]),
    ],
  );
});

/** What can't be told although nothing is bad: the hops, besides the options of octez-signer. */
const untold: readonly [string, Facts, string[]][] = [
  [
    "a port that this machine does not reach, while a signer is connected",
    { ...sampleFacts, ports: [{ port: 22, answer: { error: "ETIMEDOUT" } }] },
    ["port"],
  ],
  ["a host key that ssh was not shown", { ...sampleFacts, shownKeys: { error: "ssh: spawn ENOENT" } }, ["host key"]],
  [
    "a node port behind a router",
    {
      ...config({ endpoint: { ...sampleConfig.endpoint, isNodePort: true } }),
      serviceAddresses: { value: ["10.0.0.4"] },
    },
    ["name"],
  ],
  [
    "the bytes of a day while the pod is young",
    { ...sampleFacts, pods: { value: [{ isReady: true, restarts: 0, seconds: 60 }] } },
    ["traffic"],
  ],
  ["the host, without the wrapper", withoutWrapper, ["wrapper", "version", "clock", "marks"]],
  [
    "the device of octez-signer alone that has not signed for long",
    {
      ...withoutWrapper,
      metrics: metrics({ [Object.keys(sampleMetrics).at(-1) as string]: 1 }).metrics as NonNullable<Facts["metrics"]>,
    },
    ["wrapper", "device", "version", "clock", "marks"],
  ],
  ["the marks of a guard without memory", { ...sampleFacts, marks: { value: [] } }, ["marks"]],
  ["signatures that no baker asks for", log([requestLine(600)]), ["signatures"]],
];
describe("can't tell:", () => {
  for (const [what, facts, hops] of untold) {
    test(what, () => {
      assert.deepEqual(hopsIn(facts, "bad"), []);
      assert.deepEqual(hopsIn(facts, "unknown").sort(), [...hops, "options"].sort());
    });
  }
});

test("an old octez-signer is right for bakers that ask for no version=3", () => {
  const facts = {
    ...host({ 'signer_host_daemon_info{version="25.2"}': undefined, 'signer_host_daemon_info{version="24.1"}': 1 }),
    octezTags: { value: ["octez-v24.4"] },
  };
  assert.deepEqual(hopsIn(facts, "bad"), []);
});

test("a guard that is ahead of the device is right: another device of the key has signed", () => {
  assert.deepEqual(hopsIn(host({}, { watermark: { attestation: { level: 4000, round: 0 } } }), "bad"), []);
});
