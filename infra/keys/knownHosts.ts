/**
 * The lines of a known_hosts file: a forwarder's host keys under its host alone, whatever the ports are.
 *
 * ssh looks a host up without its port only where `HostKeyAlias` says so, as signer-host/ssh_config does. A line for each
 * port would hold the same key under several names, and then OpenSSH's UpdateHostKeys learns nothing, without a word
 * (clientloop.c of OpenSSH 9.2 to 10.x): such a signer would not survive a change of the host key.
 */
export function knownHostsOf(host: string, hostKeys: readonly { readonly line: string }[]): string {
  return hostKeys.map(({ line }) => `${host} ${line}\n`).join("");
}
