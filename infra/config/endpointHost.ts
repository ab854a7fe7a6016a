import { isIP, isIPv4, isIPv6 } from "node:net";

/** What is wrong with the text as a host that signers dial, or undefined if it is a DNS name or an IP address. */
export function problemOfHost(text: string): string | undefined {
  if (isIPv4(text)) return undefined;
  if (text.includes("%")) return "an address without a zone id (%…), which is another one on each machine";
  if (isIPv6(text)) return undefined;
  if (text.includes("://")) return "a DNS name or an address alone, without a protocol in front of it";
  if (/[/\s@?#]/.test(text)) return "a DNS name or an address alone, without a user, a path or a space";
  const port = "without a port: endpoint.port, .nodePort and .alternatePorts say it";
  if (/^\[.*\]$/.test(text)) return "an IPv6 address without brackets";
  if (/^\[.*\]:|^[^:]*:\d*$/.test(text)) return `a DNS name or an address alone, ${port}`;
  if (/^[\da-f]{2}(:[\da-f]{2}){5}$/i.test(text))
    return "a DNS name or an IP address; this is the address of a network card";
  if (text.includes(":")) return "a DNS name or an address: this has colons like IPv6, and is no IPv6 address";
  return problemOfName(text);
}

/** RFC 1123: labels of letters, digits and inner hyphens, 63 characters each, 253 in all. */
function problemOfName(text: string): string | undefined {
  if (/[^\x20-\x7e]/.test(text)) return "a DNS name in its ASCII form (xn--…)";
  if (text.endsWith(".") && text.length > 1) return "a DNS name without the dot at its end";
  if (text.length > 253) return "a DNS name of at most 253 characters";
  const labels = text.split(".");
  if (labels.some((label) => label === "")) return "a DNS name without an empty label (a dot too many)";
  if (labels.some((label) => label.length > 63)) return "a DNS name whose labels have at most 63 characters each";
  if (!labels.every((label) => /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/i.test(label)))
    return "a DNS name (labels of a-z, 0-9 and inner hyphens, between dots) or an address";
  // Resolvers read a numeric last label as part of an IPv4 address, by rules that differ: 127.1 is 127.0.0.1.
  if (/^(\d+|0x[\da-f]*)$/i.test(labels.at(-1) as string))
    return "an IPv4 address of four numbers up to 255, without leading zeros, or a DNS name, whose last label is no number";
  return undefined;
}

/**
 * Spells a host as OpenSSH looks it up in known_hosts, however the user types it.
 *
 * A name is in lower case. An IPv6 address is as glibc's `getnameinfo` writes it: as in RFC 5952, and with the last two
 * groups of ::a.b.c.d and ::ffff:a.b.c.d as IPv4.
 */
export function sshSpelling(host: string): string {
  if (isIP(host) !== 6) return host.toLowerCase();
  const short = new URL(`http://[${host}]/`).hostname.slice(1, -1);
  const [, start, high, low] = /^(::(?:ffff:)?)([\da-f]+):([\da-f]+)$/.exec(short) ?? [];
  if (start === undefined) return short;
  const bytes = [high, low].flatMap((group) => {
    const value = Number.parseInt(group as string, 16);
    return [value >> 8, value & 255];
  });
  return start + bytes.join(".");
}
