import { isIP, isIPv4 } from "node:net";
import { z } from "zod";

/** What several parts of the config's schema are made of. */

export const objectOf = "an object with the keys of the config reference";

/** A text that is not empty; `wanted` says in a problem what it is. */
export function nonEmpty(wanted: string) {
  return z.string(wanted).min(1, wanted);
}

/** A text of one form. */
export function matching(pattern: RegExp, wanted: string) {
  return z.string(wanted).regex(pattern, wanted);
}

/** A DNS label of Kubernetes that starts with a letter. */
export function label(longest: number) {
  const wanted = `a DNS label (a-z, 0-9 and inner hyphens, starts with a letter) of at most ${longest} characters`;
  return matching(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, wanted).max(longest, wanted);
}

/** A whole number within bounds, both included. */
export function intFrom(least: number, most: number, wanted = `a whole number from ${least} to ${most}`) {
  return z.int(wanted).min(least, wanted).max(most, wanted);
}

/** A block of addresses in CIDR notation. */
export function cidr(versions: "IPv4" | "IPv4 or IPv6") {
  const wanted = `${versions} addresses in CIDR notation, such as 203.0.113.0/24, with no bit set behind the prefix`;
  return z.string(wanted).refine((text) => isCidr(text, versions === "IPv4"), wanted);
}

function isCidr(text: string, ipv4Only: boolean): boolean {
  const [, address = "", bits = ""] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const prefix = Number(bits);
  if (isIPv4(address)) {
    const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
    return prefix <= 32 && number % 2 ** (32 - prefix) === 0;
  }
  return !ipv4Only && isIP(address) === 6 && prefix <= 128;
}

/** The id of a project of Google's cloud: 6 to 30 characters (https://cloud.google.com/resource-manager/docs/creating-managing-projects). */
export const googleProject = matching(
  /^[a-z][-a-z0-9]{4,28}[a-z0-9]$/,
  "the id of a project of Google's cloud (6 to 30 of a-z, 0-9 and inner hyphens), not its name or number",
);

/** A region of Google's cloud. */
export const googleRegion = matching(/^[a-z]+-[a-z]+\d+$/, "a region of Google's cloud, such as europe-west1");

/** The name of a resource of Google's cloud: RFC 1035 (https://cloud.google.com/compute/docs/naming-resources). */
export const googleName = label(63);
