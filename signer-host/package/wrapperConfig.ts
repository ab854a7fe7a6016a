import { addressOf } from "../../infra/keys/tezosKey.ts";
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

/** The units of the tunnels: one instance for each endpoint, in their order. */
export function tunnelUnits({ endpoints }: KitFacts): string[] {
  return endpoints.map((_, index) => `remote-signer-tunnel@${index}.service`);
}

/** The wrapper's configuration, `/etc/remote-signer/wrapper.json`. */
export function wrapperConfig(facts: KitFacts): string {
  const { stack, signer, device, answerSeconds, keys, mains, ups } = facts;
  const config = {
    stack,
    signer,
    listen: `127.0.0.1:${wrapperPort}`,
    daemon: needsOctezSigner(device) ? octezSigner : (device.url ?? usualDaemons[device.kind]),
    device: { kind: device.kind },
    answerSeconds,
    tunnels: tunnelUnits(facts),
    keys: keys.map(({ address }) => address),
    ...(mains && { mains }),
    ...(ups && { ups }),
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** Whether octez-signer, where this package runs it, signs authenticated requests alone. */
export function requiresAuthentication({ authorizedKeys, device }: KitFacts): boolean {
  return authorizedKeys.length > 0 && needsOctezSigner(device);
}

/**
 * The files of octez-signer's base dir by name: the keys of a device that it reaches by an address, and the keys of
 * those that it signs for, named as `octez-signer add authorized key` names them (src/bin_signer/main_signer.ml, v25.1).
 */
export function walletFiles(facts: KitFacts): Readonly<Record<string, string>> {
  const { authorizedKeys, device, keys } = facts;
  const located = keys.flatMap(({ name, address, publicKey }) => {
    const locator = locatorOf(device, address);
    return locator === undefined ? [] : [{ name, address, publicKey, locator }];
  });
  return {
    ...(located.length > 0 && {
      public_key_hashs: walletFile(located, ({ address }) => address),
      public_keys: walletFile(located, ({ locator, publicKey }) => ({ locator, key: publicKey })),
      secret_keys: walletFile(located, ({ locator }) => locator),
    }),
    ...(requiresAuthentication(facts) && {
      authorized_keys: walletFile(
        authorizedKeys.map((publicKey) => ({ name: addressOf(publicKey), publicKey })),
        ({ publicKey }) => publicKey,
      ),
    }),
  };
}

/** A file of Octez's wallet (src/lib_client_base/client_aliases.ml, wallet_encoding, v25.1). */
function walletFile<Entry extends { readonly name: string }>(
  entries: readonly Entry[],
  value: (entry: Entry) => unknown,
): string {
  const list = entries.map((entry) => ({ name: entry.name, value: value(entry) }));
  return `${JSON.stringify(list, null, 2)}\n`;
}
