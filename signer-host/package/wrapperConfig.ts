import type { KitFacts } from "./kitFacts.ts";

/** The wrapper's port on the host's loopback, to which the tunnel leads. tezos-remote-signer-os has used it too. */
export const wrapperPort = 8443;

/** The address of octez-signer's HTTP API, where this package runs it. remote-signer-daemon.service has it as well. */
const octezSigner = "http://127.0.0.1:8442";

/** Where the daemons of devices listen by themselves. */
const usualDaemons: Readonly<Record<string, string>> = {
  tezsign: "http://127.0.0.1:20090",
  signatory: "http://127.0.0.1:6732",
};

/**
 * The locator by which octez-signer reaches a key at its device: octez-signer is the adapter of a device that speaks its
 * socket protocol. Undefined for a Ledger, whose locators only its owner knows, and for a device that has HTTP itself.
 */
export function locatorOf({ kind, url = "" }: KitFacts["device"], address: string): string | undefined {
  if (kind === "tcp") return `${url}/${address}`;
  return url.startsWith("unix:") ? `${url}?pkh=${address}` : undefined;
}

/** Whether octez-signer stands between the wrapper and the device. */
export function needsOctezSigner(device: KitFacts["device"]): boolean {
  return device.kind === "ledger" || locatorOf(device, "") !== undefined;
}

/** The unit of the tunnel to the stack's endpoint. There is one endpoint. */
export const tunnelUnit = "remote-signer-tunnel@0.service";

/** The wrapper's configuration, `/etc/remote-signer/wrapper.json`. */
export function wrapperConfig({ stack, signer, device, answerSeconds, keys, mains, ups }: KitFacts): string {
  const config = {
    stack,
    signer,
    listen: `127.0.0.1:${wrapperPort}`,
    daemon: needsOctezSigner(device) ? octezSigner : (device.url ?? usualDaemons[device.kind]),
    device: { kind: device.kind },
    answerSeconds,
    tunnels: [tunnelUnit],
    keys: keys.map(({ address }) => address),
    ...(mains && { mains }),
    ...(ups && { ups }),
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** The files of octez-signer's base dir that make it know the device's keys, by name. None if its owner imports them. */
export function walletFiles({ device, keys }: KitFacts): Readonly<Record<string, string>> {
  const located = keys.flatMap(({ name, address, publicKey }) => {
    const locator = locatorOf(device, address);
    return locator === undefined ? [] : [{ name, address, publicKey, locator }];
  });
  if (located.length === 0) return {};
  const file = (value: (key: (typeof located)[number]) => unknown) =>
    `${JSON.stringify(
      located.map((key) => ({ name: key.name, value: value(key) })),
      null,
      2,
    )}\n`;
  return {
    public_key_hashs: file(({ address }) => address),
    public_keys: file(({ locator, publicKey }) => ({ locator, key: publicKey })),
    secret_keys: file(({ locator }) => locator),
  };
}
