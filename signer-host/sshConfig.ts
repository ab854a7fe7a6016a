/**
 * The values that fill a signer host's ssh_config. `forwarder` is an entry of the stack's output `signerEndpoints`. `port` and
 * `sshPort` are the signer's, from the output `signers`. The local ports are those of the daemon and of sshd on this
 * host's loopback.
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

/** The forwarder's name in the filled file: `ssh -F <file> signer-forwarder`. */
export const sshHost = "signer-forwarder";

/**
 * Fills in the template `ssh_config`. Throws an Error that names the placeholder if ssh would not take a value
 * literally (spaces, quotes, `%` and `$` expand or end a value), or if the template has an unknown placeholder.
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
