import { durationText, shortText } from "../observe/duration.ts";
import { sampleValue } from "../observe/exposition.ts";
import { errorIn } from "./answer.ts";
import type { Facts } from "./facts.ts";
import { bad, type Judgement, ok, unknown } from "./finding.ts";
import type { Hop } from "./hops.ts";
import { newest } from "./lastCall.ts";
import { recentMs, type SignerView } from "./signerView.ts";
import { up } from "./stackHops.ts";

/** The hops of a signer's tunnel: from its login to the round trip of its link. */
export const tunnelHops: readonly Hop<SignerView>[] = [
  // A session that is open needs neither the name nor the port.
  {
    name: "login",
    after: ({ isUp }) => ["forwarder", ...(isUp ? [] : ["name", "port", "host key"])],
    judge: judgeLogin,
  },
  { name: "forwards", after: () => ["login"], judge: judgeForwards },
  { name: "tunnel", after: () => ["forwards"], judge: judgeTunnel },
  { name: "round trip", after: () => ["tunnel"], judge: judgeRoundTrip },
];

/** The public half of a host's ssh key, as the kit has it. */
const publicKeyFile = "/var/lib/remote-signer/tunnel/id_ed25519.pub";

function judgeLogin({ call, facts, isUp, signer }: SignerView): Judgement {
  if (isUp) return ok("the forwarder takes its key");
  if (signer.fingerprints.length === 0) {
    return bad(
      "the config has no ssh key of it",
      `give signer ${signer.name} the sshPublicKey that the kit printed on the host (${publicKeyFile}), then ${up(facts)}`,
    );
  }
  if (call.got === "refused")
    return bad(
      call.line,
      call.isOurs ? refusalCure(call.line, signer.name, up(facts)) : strangerCure(signer.name, up(facts)),
    );
  if (call.got === "nowhere") return unknown(noCall(facts), "see tunnel");
  return ok("the forwarder took its key at the last call");
}

function noCall({ log }: Facts): string {
  if (!log || "error" in log) return `the forwarder's log can't be read: ${errorIn(log)}`;
  return "the forwarder's log of the last hour has no call of this host";
}

/** What to do about a key that the forwarder refused, by the words of its log. */
function refusalCure(line: string, signer: string, up: string): string {
  if (line.includes("no signer's key")) return `the config has this key, and the forwarder not yet: ${up}`;
  if (line.includes("removed or changed"))
    return `give signer ${signer} the sshPublicKey that is in ${publicKeyFile} on the host, then ${up}`;
  if (line.includes("nothing signed with it") || line.includes("not by its key")) {
    return "on the host, see that the tunnel's user can read the private key of this public key: sudo signer-host doctor";
  }
  if (line.includes("without a touch"))
    return `set noTouchRequired of signer ${signer}, then ${up}; or use a key that needs no touch`;
  if (line.includes("without knowing its user")) return "use a key that signs without a PIN or a fingerprint";
  if (line.includes("found the user name"))
    return "dial as the user signer: install a new kit on the host, or set User in its ssh_config";
  return "see docs/guide/troubleshooting.md#the-log-rejects-the-login";
}

function strangerCure(signer: string, up: string): string {
  return `if the fingerprint is that of the host (ssh-keygen -lf ${publicKeyFile}), give signer ${signer} the sshPublicKey in that file, then ${up}; else see that the host dials with that key`;
}

function judgeForwards({ call, isUp, signer }: SignerView): Judgement {
  if (isUp) return ok(`${signer.port} and ${signer.sshPort} of the pod's loopback`);
  if (call.got === "in") return bad(call.line, forwardCure(call.line, signer));
  if (call.got === "nowhere") return unknown("nothing is known of a login", "see tunnel");
  return ok("its last session had both");
}

function forwardCure(line: string, { name, port, sshPort }: SignerView["signer"]): string {
  if (line.startsWith("refused the forward")) {
    return `have the host ask for the forwards ${port} and ${sshPort}, which a new kit does: npm run kit -- ${name}. With autossh: -M 0`;
  }
  if (line.startsWith("could not open"))
    return "see that each RemoteForward is there once. If it stays, delete the forwarder's pod";
  return `have the host ask for its two forwards and nothing else, which a new kit does: npm run kit -- ${name}`;
}

function judgeTunnel({ call, config, facts, isUp, metrics, signer, words }: SignerView): Judgement {
  const { name } = signer;
  const takeovers = newest(words, name, /takeovers within a minute/, facts.now - recentMs);
  if (takeovers !== undefined) {
    return bad(takeovers, "two hosts have its ssh key: give each a signer and a key of its own, or stop one");
  }
  const start = sampleValue(metrics, "signer_tunnel_start_time_seconds", { signer: name });
  if (isUp) return ok(start === undefined ? "is up" : `is up for ${durationText(facts.now / 1000 - start)}`);
  const onHost = `on the host: systemctl status 'remote-signer-tunnel@*', and sudo signer-host doctor`;
  if (call.got === "connected")
    return bad(`is down: ${call.ended}`, `see that the host runs and has a network; ${onHost}`);
  const { host, port, alternatePorts } = config.endpoint;
  const ports = [port, ...alternatePorts].join(" or ");
  return bad(
    `is down: ${noCall(facts)}`,
    `see that the host runs, and that its network lets ${host} port ${ports} out; ${onHost}`,
  );
}

/** The gateway calls a link slow from here on, in seconds. */
const slowTrip = 0.4;

function judgeRoundTrip({ metrics, signer }: SignerView): Judgement {
  const trip = sampleValue(metrics, "signer_check_duration_seconds", { signer: signer.name });
  if (trip === undefined) return unknown("the gateway has not passed a check yet", "see daemon");
  if (trip <= slowTrip) return ok(shortText(trip));
  return bad(
    `${shortText(trip)}, wanted less than ${shortText(slowTrip)}`,
    "use another uplink, or see what fills this one: signatures come late",
  );
}
