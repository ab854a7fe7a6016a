import { lookup } from "node:dns/promises";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt } from "../../local/machine/run.ts";
import { keysInKnownHosts } from "./knownHosts.ts";

/** The addresses of a host's name. An address is its own. */
export async function lookUp(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}

/** As ssh_config's ConnectTimeout: of a hundred signers that dial at once, the last one waits up to 7 s. */
const dialMs = 10_000;

/** Calls a port as ssh does, and returns the server's greeting. Throws an Error that says what came instead. */
export function askPort(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let text = "";
    const fail = (what: string): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new Error(what));
    };
    const timer = setTimeout(() => fail(`no answer within ${dialMs / 1000} s`), dialMs);
    socket.on("connect", () => socket.write("SSH-2.0-remote_signer_cloud_doctor\r\n"));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      const [greeting] = /^SSH-2\.0-[^\r\n]*(?=\r?\n)/m.exec(text) ?? [];
      if (greeting !== undefined) {
        clearTimeout(timer);
        socket.destroy();
        resolve(greeting);
      } else if (text.length > 8192) fail("it answers, and not as ssh");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.on("close", () => fail(text === "" ? "it takes the call and does not greet" : "it answers, and not as ssh"));
  });
}

/**
 * The host keys that an ssh server shows, `<type> <base64>`: as ssh learns them in an empty known_hosts.
 *
 * Not by ssh-keyscan: that waits for the server's greeting before it sends its own (OpenSSH 9.2, ssh-keyscan.c), and the
 * forwarder answers nobody who has not greeted. Throws an Error with ssh's words if it learns none.
 */
export async function askHostKeys(host: string, port: number): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "doctor-"));
  const file = join(folder, "known_hosts");
  const options = [
    "BatchMode=yes",
    "ConnectTimeout=10",
    "StrictHostKeyChecking=accept-new",
    `UserKnownHostsFile=${file}`,
    "GlobalKnownHostsFile=none",
    "HashKnownHosts=no",
    "HostKeyAlias=endpoint",
    // It need not get in, and offers no key.
    "PreferredAuthentications=none",
  ];
  const words = [
    "-F",
    "none",
    "-T",
    "-p",
    String(port),
    "-l",
    "signer",
    ...options.flatMap((each) => ["-o", each]),
    host,
  ];
  try {
    const { stderr } = await attempt("ssh", words, { timeoutMs: 20_000 });
    if (!existsSync(file)) throw new Error(stderr.trim().split("\n").at(-1));
    return keysInKnownHosts(readFileSync(file, "utf8"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
