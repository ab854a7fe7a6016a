import { styleText } from "node:util";
import { durationText, shortText } from "../observe/duration.ts";
import type { SignerStatus } from "./signerStatus.ts";

/** A cell of the table, and whether it needs somebody's attention. */
type Cell = { readonly text: string; readonly isBad?: boolean };

const headings = ["signer", "tunnel", "device", "uplink", "power", "last signature", "p50", "p99", "errors"];
const nothing: Cell = { text: "-" };

/** The signers as a table, a line each, below a line of headings. With `isColoured`, what is bad is red. */
export function tableOf(signers: readonly SignerStatus[], isColoured: boolean): string[] {
  const rows = [headings.map((text): Cell => ({ text })), ...signers.map(cellsOf)];
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]?.text.length ?? 0)));
  return rows.map((row) =>
    row
      .map(({ text, isBad }, column) => {
        const padded = column === headings.length - 1 ? text : text.padEnd(widths[column] ?? 0);
        return isColoured && isBad ? styleText("red", padded, { validateStream: false }) : padded;
      })
      .join("  "),
  );
}

function cellsOf(status: SignerStatus): Cell[] {
  const { device, latency } = status;
  return [
    { text: status.signer },
    tunnelCell(status),
    { text: device, isBad: device !== "ready" },
    uplinkCell(status),
    powerCell(status),
    lastCell(status),
    latency ? { text: shortText(latency.p50) } : nothing,
    latency ? { text: shortText(latency.p99) } : nothing,
    errorsCell(status),
  ];
}

/** A tunnel at one of two replicas works, and the other one is somebody's business. */
function tunnelCell({ tunnel: { isUp, replicas, seconds } }: SignerStatus): Cell {
  if (!isUp) return { text: "down", isBad: true };
  const text = seconds === undefined ? "up" : durationText(seconds);
  return replicas
    ? { text: `${text}, ${replicas.up} of ${replicas.all}`, isBad: replicas.up < replicas.all }
    : { text };
}

function uplinkCell({ uplink, host }: SignerStatus): Cell {
  if (!uplink) return host === undefined ? nothing : { text: `(${host})` };
  const metered = uplink.isMetered === true;
  return { text: `${uplink.kind} ${uplink.interface}${metered ? ", metered" : ""}`, isBad: metered };
}

/** A battery that has less than a quarter is bad, as is no mains power. */
function powerCell({ power }: SignerStatus): Cell {
  if (!power) return nothing;
  const { isOnMains, battery } = power;
  const parts = [
    ...(isOnMains === undefined ? [] : [isOnMains ? "mains" : "no mains"]),
    ...(battery === undefined ? [] : [`battery ${Math.round(battery * 100)} %`]),
  ];
  return { text: parts.join(", "), isBad: isOnMains === false || (battery ?? 1) < 0.25 };
}

function lastCell({ lastSignature: last }: SignerStatus): Cell {
  if (!last) return { text: "none" };
  const level = last.level === undefined ? "" : ` level ${last.level}`;
  return { text: `${last.kind}${level}, ${durationText(last.seconds)} ago` };
}

function errorsCell({ errors, causes, refused, requests }: SignerStatus): Cell {
  const counts = [
    ...Object.entries(causes),
    ...Object.entries(refused).map(([reason, n]): [string, number] => [`refused ${reason}`, n]),
  ];
  const text = counts.map(([what, count]) => `${count} ${what}`).join(", ");
  return { text: text === "" ? `none of ${requests}` : text, isBad: errors > 0 || Object.keys(refused).length > 0 };
}
