import type { Ask, Events } from "../figures.ts";
import { splitKinds } from "../plan.ts";
import { plainTopology } from "../topology.ts";
import type { RunFacts } from "./report.ts";

/** For tests: what a run of two minutes was started with. */
export const sampleFacts: RunFacts = {
  command: "npm run chaos -- --minutes 2 --seed 7",
  date: "2026-11-28T12:00:00.000Z",
  topology: plainTopology,
  leftOut: splitKinds(plainTopology, 2).leftOut,
};

const began = Date.parse(sampleFacts.date);

/** For tests: a run of two minutes with two faults, in the second of which `b` loses two requests. */
export function sampleEvents(changes: Partial<Events> = {}): Events {
  const asks = ["a", "b"].flatMap((key) =>
    Array.from({ length: 60 }, (_, index): Ask => {
      const start = began + index * 2000;
      const isLost = key === "b" && (index === 30 || index === 31);
      const attestation = { key, kind: "attestation", level: start / 2000, start, end: start + 40 };
      return isLost ? { ...attestation, end: start + 1800, cause: "HTTP 502" } : attestation;
    }),
  );
  return {
    began,
    ended: began + 120_000,
    levelMs: 2000,
    keys: ["a", "b"],
    asks,
    faults: [
      { kind: "strangers at the door", target: "ssh port", begin: began + 20_000, end: began + 30_000 },
      { kind: "forwarder pod deleted", target: "signer-forwarder", begin: began + 59_500, end: began + 59_600 },
    ],
    signatures: [],
    refusals: [],
    ...changes,
  };
}
