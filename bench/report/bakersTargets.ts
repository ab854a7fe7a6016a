import { signerForwarder } from "../variants/variant.ts";
import type { Results } from "./results.ts";
import type { Target } from "./target.ts";

/** Targets for the part `bakers`. */
export function bakersTargets(results: Results): Target[] {
  return [...growth(results), ...attestations(results), ...manySigners(results)];
}

function growth({ growth = [] }: Results): Target[] {
  return growth
    .filter(({ what }) => what !== "`render`")
    .map(({ what, perBaker }) => ({
      what: `${what}: at most 60 ms for each further baker`,
      measured: `${Math.round(perBaker)} ms`,
      met: perBaker <= 60,
    }));
}

/** Two signatures take two round trips. What they take without a link is no part of these. */
function attestations({ attestations = [] }: Results): Target[] {
  const own = attestations.filter(({ variant }) => variant === signerForwarder);
  const near = own.find(({ rtt }) => rtt === 0);
  if (!near) return [];
  return own
    .filter(({ rtt }) => rtt > 0)
    .map(({ rtt, p50, errors }) => {
      const trips = (p50 - near.p50) / rtt;
      return {
        what: `a tz4 attestation with DAL over a link of ${rtt} ms: p50 of two round trips`,
        measured: `${trips.toFixed(2)} (${p50} ms)`,
        met: errors === 0 && Math.round(trips) <= 2,
      };
    });
}

/** Targets for the gateway. On the whole way, the bench's ssh clients share the machine's cores with it. */
function manySigners({ manySigners = [] }: Results): Target[] {
  return [...new Set(manySigners.map(({ way }) => way))].flatMap((way) =>
    [false, true].flatMap((isSpread) => {
      const rows = manySigners.filter((row) => row.way === way && row.isSpread === isSpread);
      const [own, one] = [rows.find(({ signers }) => signers > 1), rows.find(({ signers }) => signers === 1)];
      if (!own || !one) return [];
      const ratio = own.p99 / one.p99;
      const how = `${own.keys} keys ${isSpread ? "spread over a level" : "at once"}, ${way}`;
      return [
        {
          what: `${how}: p99 with ${own.signers} signers at most 1.2 × that with one`,
          measured: `${ratio.toFixed(2)} × (${own.p99} ms)`,
          met: own.errors === 0 && ratio <= 1.2,
        },
      ];
    }),
  );
}
