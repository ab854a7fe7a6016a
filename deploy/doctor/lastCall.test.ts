import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { linesIn, wordsIn } from "../observe/forwarderLog.ts";
import { type Call, lastCall, newest } from "./lastCall.ts";

const line = (text: string) => `2026-11-28T12:00:00.123456789Z ${text}`;
const words = (...texts: string[]) => wordsIn(linesIn(texts.map((text) => line(`signer-forwarder: ${text}`))));
const from = "203.0.113.9:4711";
const ours = "SHA256:iYXqsgAwzrKuUZb8NZFfhOlv0hoJSdisp7lutfoGa1s";

const calls: readonly [string, string[], Call][] = [
  ["nothing", [], { got: "nowhere" }],
  [
    "other signers",
    [`office: connected from ${from} ${ours}`, `homestead: disconnected after 1s: sshd ended (${from})`],
    { got: "nowhere" },
  ],
  [
    "strangers",
    [`refused ${from}: found the user name "root", wanted "signer"`, "refused 153 more strangers in the last minute"],
    { got: "nowhere" },
  ],
  [
    "a session that ended",
    [`home: connected from ${from} ${ours}`, `home: disconnected after 3h2m1s: its client ended (${from} ${ours})`],
    { got: "connected", ended: `disconnected after 3h2m1s: its client ended (${from} ${ours})` },
  ],
  [
    "a session without an end",
    [`home: connected from ${from} ${ours}`],
    { got: "connected", ended: "the log has no reason" },
  ],
  [
    "a session that was refused a forward",
    [
      `home: connected from ${from} ${ours}`,
      "home: refused the forward 8500: not among its ports",
      `home: disconnected after 1s: its client ended (${from})`,
    ],
    { got: "in", line: "refused the forward 8500: not among its ports" },
  ],
  [
    "a forward that was refused before a session that was not",
    [
      "home: refused the forward 8500: not among its ports",
      `home: connected from ${from} ${ours}`,
      `home: disconnected after 9s: its client ended (${from})`,
    ],
    { got: "connected", ended: `disconnected after 9s: its client ended (${from})` },
  ],
  [
    "a refused login after a session",
    [`home: connected from ${from} ${ours}`, `home: refused from ${from}: its key was removed or changed (${ours})`],
    { got: "refused", line: `refused from ${from}: its key was removed or changed (${ours})`, isOurs: true },
  ],
  [
    "its key, which the forwarder has not got yet",
    [`refused ${from}: no signer's key: SHA256:x (RSA), ${ours} (ED25519)`],
    { got: "refused", line: `refused ${from}: no signer's key: SHA256:x (RSA), ${ours} (ED25519)`, isOurs: true },
  ],
  [
    "a key that may be its own, after a session that ended",
    [
      `home: connected from ${from} ${ours}`,
      `home: disconnected after 9s: its client ended (${from})`,
      `refused ${from}: no signer's key: SHA256:x (RSA)`,
    ],
    { got: "refused", line: `refused ${from}: no signer's key: SHA256:x (RSA)`, isOurs: false },
  ],
  [
    "a session that ended after somebody's key was refused",
    [`refused ${from}: no signer's key: SHA256:x (RSA)`, `home: disconnected after 9s: its client ended (${from})`],
    { got: "connected", ended: `disconnected after 9s: its client ended (${from})` },
  ],
  [
    "a key that may be its own",
    [`refused ${from}: no signer's key: SHA256:x (RSA)`],
    { got: "refused", line: `refused ${from}: no signer's key: SHA256:x (RSA)`, isOurs: false },
  ],
];
describe("a signer's last call is known from", () => {
  for (const [what, texts, call] of calls) {
    test(what, () => assert.deepEqual(lastCall(words(...texts), "home", [ours]), call));
  }
});

test("a signer's newest line that fits is found, if it is new enough", () => {
  const lines = words(
    "home: slow, not down: a check took 2012ms",
    "home: slow, not down: a check took 900ms",
    "office: slow, not down: a check took 1ms",
  );
  assert.equal(newest(lines, "home", /^slow/), "slow, not down: a check took 900ms");
  assert.equal(newest(lines, "home", /^quick/), undefined);
  assert.equal(newest(lines, "home", /^slow/, Date.parse("2026-11-28T12:00:01Z")), undefined);
});
