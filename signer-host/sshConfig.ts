/**
 * What a signer host's ssh_config needs to know. `forwarder` is the stack's output `signerEndpoint`; `port` and `sshPort`
 * are the signer's from its output `signers`; the local ports are the daemon's and the sshd's on this host's loopback.
 */
export type SshConfigValues = {
  readonly forwarder: { readonly host: string; readonly port: number; readonly user: string };
  readonly port: number;
  readonly sshPort: number;
  readonly localSignerPort: number;
  readonly localSshPort: number;
  readonly identityFile: string;
  readonly knownHostsFile: string;
};

/** The name by which the filled file knows the forwarder: `ssh -F <file> signer-forwarder`. */
export const sshHost = "signer-forwarder";

/**
 * Fills the template `ssh_config` in. Throws an Error that names the placeholder if a value would mean something else
 * to ssh than its text (spaces, quotes, `%` and `$` expand or end a value), or if the template has one that is unknown.
 */
export function fillSshConfig(template: string, values: SshConfigValues): string {
  const texts: Readonly<Record<string, string>> = {
    FORWARDER_HOST: word("FORWARDER_HOST", values.forwarder.host),
    FORWARDER_PORT: port("FORWARDER_PORT", values.forwarder.port),
    FORWARDER_USER: word("FORWARDER_USER", values.forwarder.user),
    IDENTITY_FILE: path("IDENTITY_FILE", values.identityFile),
    KNOWN_HOSTS_FILE: path("KNOWN_HOSTS_FILE", values.knownHostsFile),
    SIGNER_PORT: port("SIGNER_PORT", values.port),
    SIGNER_SSH_PORT: port("SIGNER_SSH_PORT", values.sshPort),
    LOCAL_SIGNER_PORT: port("LOCAL_SIGNER_PORT", values.localSignerPort),
    LOCAL_SSH_PORT: port("LOCAL_SSH_PORT", values.localSshPort),
  };
  return template.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const text = texts[name];
    if (text === undefined) {
      throw new Error(`ssh_config: found the placeholder ${name}, wanted one of ${Object.keys(texts).join(", ")}`);
    }
    return text;
  });
}

function word(name: string, text: string): string {
  return matching(name, text, /^[A-Za-z0-9_.:][A-Za-z0-9_.:-]*$/, "letters, digits and . : _ - only");
}

function path(name: string, text: string): string {
  return matching(name, text, /^\/[^"\\%$\p{Cc}]*$/u, 'an absolute path without control characters and " \\ % $');
}

function port(name: string, number: number): string {
  if (!Number.isInteger(number) || number < 1 || number > 65535) {
    throw new Error(`ssh_config: ${name}: found ${number}, wanted a port from 1 to 65535`);
  }
  return String(number);
}

function matching(name: string, text: string, pattern: RegExp, wanted: string): string {
  if (!pattern.test(text)) {
    throw new Error(`ssh_config: ${name}: found ${JSON.stringify(text)}, wanted ${wanted}`);
  }
  return text;
}
