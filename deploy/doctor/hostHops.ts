import { durationText } from "../observe/duration.ts";
import { samplesOf, sampleValue } from "../observe/exposition.ts";
import { stateOfDevice } from "../status/signerStatus.ts";
import { valueIn } from "./answer.ts";
import { bad, type Judgement, ok, unknown } from "./finding.ts";
import type { Hop } from "./hops.ts";
import { judgeAuthorized } from "./judgeAuthorized.ts";
import { newest } from "./lastCall.ts";
import type { SignerView } from "./signerView.ts";

/** The hops of a signer's host: from what answers behind the tunnel to the device and its daemon. */
export const hostHops: readonly Hop<SignerView>[] = [
  { name: "wrapper", after: () => ["tunnel"], judge: judgeWrapper },
  { name: "daemon", after: () => ["tunnel"], judge: judgeDaemon },
  { name: "authorized", after: () => ["daemon"], judge: judgeAuthorized },
  { name: "keys", after: () => ["daemon"], judge: judgeKeys },
  { name: "device", after: () => ["daemon"], judge: judgeDevice },
  { name: "version", after: () => ["tunnel"], judge: judgeVersion },
  { name: "options", after: () => ["tunnel"], judge: judgeOptions },
  { name: "clock", after: () => ["tunnel"], judge: judgeClock },
];

/** The devices that octez-signer signs with. */
const octezDevices = ["ledger", "tcp"];
const seeDoctor = "on the host: sudo signer-host doctor";
const seeDaemon = "on the host: sudo systemctl restart remote-signer-daemon, and journalctl -u remote-signer-daemon";

function judgeWrapper({ host, hostIsMissing, signer }: SignerView): Judgement {
  if (hostIsMissing !== undefined) {
    return unknown(
      `${hostIsMissing}, so less is known of this host`,
      `install the kit there: npm run kit -- ${signer.name}`,
    );
  }
  const version = samplesOf(host, "signer_host_info")[0]?.labels.version;
  return ok(version === undefined ? "answers" : `answers, version ${version}`);
}

function judgeDaemon({ host, metrics, signer, words }: SignerView): Judgement {
  if (sampleValue(metrics, "signer_answers", { signer: signer.name }) !== 1) {
    const line =
      newest(words, signer.name, /^nothing answers through its tunnel/) ?? "nothing answers through its tunnel";
    return bad(line, silenceCure(line));
  }
  if (sampleValue(host, "signer_host_daemon_up") === 0)
    return bad("the wrapper answers, and the signer daemon behind it does not", seeDaemon);
  return ok("answers the gateway's checks");
}

/** What to do if nothing answers as a signer does, by the reason in the forwarder's log. */
function silenceCure(line: string): string {
  if (/it answers 401/.test(line))
    return "have the signer daemon ask for no log-in, such as Signatory's JWT: a baker has none";
  if (/it answers \d|no JSON object|unreadable/.test(line)) {
    return "see what listens on the host at the port that the tunnel's RemoteForward leads to: it is no signer daemon";
  }
  if (/no answer in time/.test(line))
    return `see the link of the host, and that its signer daemon does not hang; ${seeDaemon}`;
  return `start the wrapper and the signer daemon on the host, or correct the port that the tunnel's RemoteForward leads to; ${seeDaemon}`;
}

function judgeKeys({ keyPages, metrics, signer }: SignerView): Judgement[] {
  if (signer.keys.length === 0) return [ok("no baker of the config uses this signer")];
  return signer.keys.map((address) => {
    const page = keyPages[address];
    if (page?.known === true) return ok(`${address} is known to the daemon`);
    if (page?.known === false) {
      return bad(
        `${address} is not known to the daemon`,
        "import the key on the host (docs/guide/signer-host.md), or correct the address and its signer in bakers[].delegates",
      );
    }
    const signed = samplesOf(metrics, "signer_last_signature_timestamp_seconds", { signer: signer.name, key: address });
    if (signed.length > 0) return ok(`${address} has signed`);
    return unknown(
      `${address}: the host does not say, and it has not signed since the forwarder started`,
      "on the host: octez-signer list known addresses",
    );
  });
}

/** What to do for each of the wrapper's words for a device. */
const deviceCures: Readonly<Record<string, string>> = {
  absent: "plug the device in. lsusb -d 2c97: on the host shows a Ledger; else try another cable, port or supply",
  locked: "unlock the device, and open its baking app",
  busy: "look at the device: a request waits for longer than answerSeconds. Confirm or reject what it shows, or plug it in anew",
  unknown: `look at the device, and at its daemon; ${seeDoctor}`,
};
/** A signature is as fresh as this if its key has rights at most levels, in seconds. */
const freshSeconds = 60;

function judgeDevice({ facts, host, hostIsMissing, keyPages, metrics, signer, words }: SignerView): Judgement {
  const { name } = signer;
  if (sampleValue(metrics, "signer_device_ready", { signer: name }) === 0) {
    const said = newest(words, name, /its device can't sign: |its device can sign again/);
    const word = stateOfDevice(host) ?? /can't sign: (\w+)/.exec(said ?? "")?.[1];
    if (word === undefined) return bad("it has left two requests without an answer", deviceCures.busy as string);
    const since = Object.values(keyPages).find((page) => page?.device === word)?.since;
    return bad(`is ${word}${since ? ` since ${since}` : ""}`, deviceCures[word] ?? (deviceCures.unknown as string));
  }
  if (hostIsMissing === undefined) return ok("is ready, as far as that shows without a signature");
  const last = Math.max(
    ...samplesOf(metrics, "signer_last_signature_timestamp_seconds", { signer: name }).map(({ value }) => value),
  );
  const seconds = facts.now / 1000 - last;
  if (seconds < freshSeconds) return ok(`has signed ${durationText(seconds)} ago`);
  const when = Number.isFinite(seconds)
    ? `the last signature is ${durationText(seconds)} old`
    : "there was no signature since the forwarder started";
  return unknown(
    `octez-signer alone does not say, and ${when}`,
    "look at the device, or install the kit, whose wrapper knows",
  );
}

/** The first Octez whose signer can answer `version=3`, which bakers ask for from the same version on. */
const versionOfThree = 25;

function judgeVersion({ facts, host, signer }: SignerView): Judgement {
  if (!octezDevices.includes(signer.device)) return ok(`no octez-signer is on its way: device ${signer.device}`);
  const version = samplesOf(host, "signer_host_daemon_info")[0]?.labels.version;
  if (version === undefined)
    return unknown(
      "the host does not say octez-signer's version",
      "on the host: octez-signer --version, wanted 25 or later",
    );
  const majors = (valueIn(facts.octezTags) ?? []).flatMap((tag) => /octez-v(\d+)/.exec(tag)?.[1] ?? []).map(Number);
  const bakers = majors.length === 0 ? "" : `, the bakers' Octez is ${[...new Set(majors)].join(" and ")}`;
  const isAsked = majors.length === 0 || majors.some((major) => major >= versionOfThree);
  if (isAsked && Number.parseInt(version, 10) < versionOfThree) {
    return bad(
      `octez-signer is ${version}${bakers}, wanted 25 or later: bakers ask for version=3`,
      "install octez-signer 25 or later on the host (docs/guide/signer-host.md), and restart remote-signer-daemon",
    );
  }
  return ok(`octez-signer ${version}${bakers}`);
}

/** Nobody but its own host sees how octez-signer was started, unless it is asked to sign. */
function judgeOptions({ signer }: SignerView): Judgement {
  if (!octezDevices.includes(signer.device)) return ok(`no octez-signer is on its way: device ${signer.device}`);
  return unknown(
    "whether it refuses other magic bytes and keeps its watermarks, only its host can tell",
    `${seeDoctor}; without the kit, ps -C octez-signer -o args= must have --magic-bytes 0x11,0x12,0x13 and --check-high-watermark`,
  );
}

/** How far a clock may be off, in seconds. */
const mostOffset = 1;

function judgeClock({ host }: SignerView): Judgement {
  const cure = "on the host: timedatectl, and let a time daemon such as systemd-timesyncd keep the clock";
  const synchronized = sampleValue(host, "signer_host_clock_synchronized");
  const offset = sampleValue(host, "signer_host_clock_offset_seconds");
  if (synchronized === undefined) return unknown("the host does not say", "on the host: timedatectl");
  if (synchronized === 0) return bad("no time daemon keeps it", cure);
  if (offset !== undefined && Math.abs(offset) > mostOffset) return bad(`is off by ${offset.toFixed(3)} s`, cure);
  return ok(offset === undefined ? "is kept" : `is kept, off by ${offset.toFixed(3)} s`);
}
