import type { AttestationRow } from "../measure/attestation.ts";
import type { GrowthRow } from "../measure/growth.ts";
import type { ManySignersRow } from "../measure/manySigners.ts";
import { short, table, variantsOf } from "./markdown.ts";
import type { Results } from "./results.ts";

/** The tables of the part `bakers`. */
export function bakersSections({ growth, attestations, manySigners }: Results): (string | undefined)[] {
  return [
    growth && growthTable(growth),
    attestations && attestationTable(attestations),
    manySigners && manySignersTable(manySigners),
  ];
}

function growthTable(rows: readonly GrowthRow[]): string {
  const counts = Object.keys(rows[0]?.seconds ?? {});
  const head = ["", ...counts.map((count) => `${count} baker${count === "1" ? "" : "s"}`), "each further baker"];
  const body = rows.map(({ what, seconds, perBaker }) => [
    what,
    ...counts.map((count) => `${short(seconds[count])} s`),
    `${Math.round(perBaker)} ms`,
  ]);
  const without = rows.some(({ what }) => what.includes("preview"))
    ? ""
    : "\n\n`pulumi preview` is left out: this run had no pulumi CLI on PATH.";
  return `Stacks of 30 signers, by their number of bakers, whose pods do not run:\n\n${table(head, body)}${without}`;
}

function attestationTable(rows: readonly AttestationRow[]): string {
  const rtts = [...new Set(rows.map(({ rtt }) => rtt))];
  const body = variantsOf(rows).map((variant) => [
    variant,
    ...rtts.map((rtt) => {
      const row = rows.find((each) => each.variant === variant && each.rtt === rtt);
      return row ? `${short(row.p50)} / ${short(row.p99)}` : "";
    }),
  ]);
  const head = ["", ...rtts.map((rtt) => (rtt === 0 ? "no link" : `${rtt} ms`))];
  const title =
    "A tz4 attestation with DAL: the consensus key and then the companion key sign the same bytes, each with a GET " +
    "and a POST over a connection of its own, p50 / p99 in ms";
  return `${title}:\n\n${table(head, body)}`;
}

function manySignersTable(rows: readonly ManySignersRow[]): string {
  const head = ["", "at once", "spread over a level"];
  const body = [...new Set(rows.map(({ way, signers }) => `${way}, ${signers} signer${signers === 1 ? "" : "s"}`))].map(
    (name) => [
      name,
      ...[false, true].map((isSpread) => {
        const row = rows.find((each) => name.startsWith(`${each.way}, ${each.signers} `) && each.isSpread === isSpread);
        return row ? `${short(row.p50)} / ${short(row.p99)}${row.errors > 0 ? `, ${row.errors} lost` : ""}` : "";
      }),
    ],
  );
  return `A signature with ${rows[0]?.keys ?? 0} keys at one signer, or at one each, p50 / p99 in ms:\n\n${table(head, body)}`;
}
