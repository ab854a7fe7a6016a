import { isIPv4, isIPv6 } from "node:net";
import { z } from "zod";

/** Blocks of addresses in CIDR notation, without duplicates and with prefixes of at least `shortest` bits. */
export function cidrs(versions: "IPv4" | "IPv4 or IPv6", wanted: string, shortest = 0) {
  const example = "in CIDR notation, such as 203.0.113.0/24, with no bit set behind the prefix";
  const block = `${versions} addresses ${example}${shortest > 0 ? ", and not all there are" : ""}`;
  return z
    .array(
      z.string(block).refine((text) => {
        const read = readCidr(text);
        return read !== undefined && read.prefix >= shortest && (versions !== "IPv4" || read.size === 32);
      }, block),
      wanted,
    )
    .superRefine((texts, ctx) => {
      const keys = texts.map((text) => JSON.stringify(Object.values(readCidr(text) ?? { text })));
      keys.forEach((key, i) => {
        const first = keys.indexOf(key);
        if (first < i) ctx.addIssue({ code: "custom", path: [i], message: `another block than that of [${first}]` });
      });
    });
}

type Cidr = { readonly size: 32 | 128; readonly address: string; readonly prefix: number };

/** Reads a block. Undefined if a bit after the prefix is set, or for a zone or an IPv4-mapped IPv6 address. */
function readCidr(text: string): Cidr | undefined {
  const [, address = "", length = ""] = /^([^/%]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const groups = groupsOf(address);
  if (!groups || isIPv4InIPv6(groups)) return undefined;
  const width = groups.length === 4 ? 8 : 16;
  const bits = groups.map((group) => group.toString(2).padStart(width, "0")).join("");
  const prefix = Number(length);
  if (prefix > bits.length || bits.slice(prefix).includes("1")) return undefined;
  return { size: bits.length as 32 | 128, address: bits, prefix };
}

/** Splits an IPv4 address into four numbers, an IPv6 address into eight. */
function groupsOf(address: string): number[] | undefined {
  if (isIPv4(address)) return address.split(".").map(Number);
  if (!isIPv6(address)) return undefined;
  const [start = "", end] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split("::");
  const [before, after] = [start, end ?? ""].map((part) =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)),
  ) as [number[], number[]];
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function isIPv4InIPv6(groups: number[]): boolean {
  return groups.length === 8 && groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
}
