/** The keys in lines of known_hosts, `<type> <base64>`, without the names of their hosts. */
export function keysInKnownHosts(text: string): string[] {
  const lines = text.trim().split("\n");
  return lines.map((line) => line.split(" ").slice(1, 3).join(" "));
}
