/**
 * The lines of a known_hosts file: a forwarder's host keys under its host alone, without ports.
 *
 * ssh looks a host up without its port only if `HostKeyAlias` is set, as in signer-host/ssh_config. With a line for
 * each port, the same key would have several names. OpenSSH's UpdateHostKeys then silently learns nothing (clientloop.c
 * of OpenSSH 9.2 to 10.x), and the signer would not survive a change of the host key.
 */
export function knownHostsOf(host: string, hostKeys: readonly { readonly line: string }[]): string {
  return hostKeys.map(({ line }) => `${host} ${line}\n`).join("");
}
