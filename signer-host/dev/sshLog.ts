/** Why an ssh client ended. `refused` means that the forwarder's host key is wrong, and waiting will not help. */
export type Ending = {
  readonly reason: string;
  readonly refused: boolean;
};

/** The remote port of a forward that the server has confirmed, if this line of `ssh -v` says so (OpenSSH 8.7 to 10). */
export function confirmedForward(line: string): number | undefined {
  const port = /^debug1: remote forward success for: listen (?:.*:)?(\d+), connect /.exec(line)?.[1];
  return port === undefined ? undefined : Number(port);
}

/** Whether a line of `ssh -v` is routine, so that it cannot be the reason why ssh ended. */
export function isChatter(line: string): boolean {
  return /^(debug\d:|OpenSSH_|Authenticated to |Transferred: |Bytes per second: |\s*$)/.test(line);
}

/** Explains why an ssh client ended, from the lines that it printed (without chatter) and its exit code or signal. */
export function endingOf(lines: readonly string[], code: number | null, signal: string | null): Ending {
  for (const line of lines) {
    if (/HOST IDENTIFICATION HAS CHANGED|host key is known for|^Host key verification failed/.test(line)) {
      return {
        refused: true,
        reason: "its host key is not one of the stack's knownHosts (Host key verification failed)",
      };
    }
    if (/REVOKED HOST KEY/.test(line)) {
      return { refused: true, reason: "its host key is revoked" };
    }
    if (/Permission denied \(/.test(line)) {
      return { refused: false, reason: "Permission denied: the forwarder does not know this signer's ssh key" };
    }
    const port = /remote port forwarding failed for listen port (\d+)/.exec(line)?.[1];
    if (port !== undefined) {
      return { refused: false, reason: `port ${port} is taken, or is not this signer's` };
    }
    if (/^Timeout, server .* not responding/.test(line)) {
      return { refused: false, reason: "the forwarder stopped answering" };
    }
  }
  const last = lines.at(-1);
  const reason = last?.replace(/^ssh: (connect to host \S+ port \d+: )?/, "").replace(/\r$/, "");
  return { refused: false, reason: reason ?? `ssh ended with ${signal ?? `exit code ${code}`}` };
}
