import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import { attempt } from "../../local/machine/run.ts";

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

/** The kinds of keys that ssh-keyscan can ask for. */
const scannable: Readonly<Record<string, string>> = {
  "ssh-ed25519": "ed25519",
  "ssh-rsa": "rsa",
  "ecdsa-sha2-nistp256": "ecdsa",
  "ecdsa-sha2-nistp384": "ecdsa",
  "ecdsa-sha2-nistp521": "ecdsa",
};

/** The host keys that an ssh server shows, `<type> <base64>`, of the kinds of `known`. */
export async function scanHostKeys(host: string, port: number, known: readonly string[]): Promise<string[]> {
  const kinds = new Set(known.flatMap((key) => scannable[key.split(" ")[0] ?? ""] ?? []));
  const words = ["-T", "10", "-p", String(port), "-t", [...kinds].join(), host];
  const { stdout } = await attempt("ssh-keyscan", words, { timeoutMs: 30_000 });
  const lines = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => line.split(" ").slice(1, 3).join(" "));
}
