import assert from "node:assert/strict";
import { test } from "node:test";
import { confirmedForward, endingOf, isChatter } from "./sshLog.ts";

// Lines as OpenSSH 9.2 prints them.
test("reads the port of a confirmed forward", () => {
  const after = "connect 127.0.0.1:8442";
  assert.equal(confirmedForward(`debug1: remote forward success for: listen 8443, ${after}`), 8443);
  assert.equal(confirmedForward(`debug1: remote forward success for: listen localhost:9443, ${after}`), 9443);
  assert.equal(confirmedForward(`debug1: remote forward failure for: listen 8443, ${after}`), undefined);
  assert.equal(confirmedForward("debug1: Entering interactive session."), undefined);
});

test("knows a reason from chatter", () => {
  const chatter = [
    "debug1: Exit status 0",
    "OpenSSH_9.2p1 Debian-2, OpenSSL 3.0.19",
    "Transferred: sent 1, received 2 bytes, in 3 seconds",
    'Authenticated to 127.0.0.1 ([127.0.0.1]:22) using "publickey".',
    "",
  ];
  assert.ok(chatter.every(isChatter));
  assert.ok(!isChatter("Host key verification failed."));
});

const refused = {
  reason: "its host key is not one of the stack's knownHosts (Host key verification failed)",
  refused: true,
};
const endings: [string, string[], { reason: string; refused: boolean }][] = [
  [
    "nobody listens",
    ["ssh: connect to host 127.0.0.1 port 1: Connection refused\r"],
    { reason: "Connection refused", refused: false },
  ],
  [
    "an unknown name",
    ["ssh: Could not resolve hostname nowhere: Name or service not known"],
    { reason: "Could not resolve hostname nowhere: Name or service not known", refused: false },
  ],
  [
    "a changed host key",
    ["@@@@@", "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @", "Host key verification failed."],
    refused,
  ],
  [
    "a host key of a type that is not known",
    ["No RSA host key is known for [127.0.0.1]:22 and you have requested strict checking."],
    refused,
  ],
  [
    "an unknown signer key",
    ["signer@127.0.0.1: Permission denied (publickey)."],
    { reason: "Permission denied: the forwarder does not know this signer's ssh key", refused: false },
  ],
  [
    "a port that is taken",
    ["Error: remote port forwarding failed for listen port 9443"],
    { reason: "port 9443 is taken, or is not this signer's", refused: false },
  ],
  [
    "a silent peer",
    ["Timeout, server 127.0.0.1 not responding."],
    { reason: "the forwarder stopped answering", refused: false },
  ],
  ["nothing said", [], { reason: "ssh ended with exit code 255", refused: false }],
];
for (const [what, lines, ending] of endings) {
  test(`explains an end after ${what}`, () => assert.deepEqual(endingOf(lines, 255, null), ending));
}

test("tells the signal that ended ssh", () => {
  assert.equal(endingOf([], null, "SIGKILL").reason, "ssh ended with SIGKILL");
});
