import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:net";
import { uint32, WireReader, wire } from "../infra/keys/sshWire.ts";

/** A key in an agent: its public line, and how it signs. */
export type AgentKey = { readonly line: string; readonly blob: Buffer; sign(data: Buffer): Buffer };

const sha256 = (data: Buffer | string) => createHash("sha256").update(data).digest();

/** An ordinary key. */
export function ordinaryKey(): AgentKey {
  const { seal, publicHalf } = newPair();
  const type = "ssh-ed25519";
  return withLine(type, wire(type, publicHalf), (data) => wire(type, seal(data)));
}

/** A security key (OpenSSH's PROTOCOL.u2f) without a device. `isTouched` is what its signatures claim about a touch. */
export function securityKey(isTouched: boolean): AgentKey {
  const { seal, publicHalf } = newPair();
  const [type, application] = ["sk-ssh-ed25519@openssh.com", "ssh:"];
  // The flags, whose first bit is the user's presence, and the signature counter.
  const state = Buffer.concat([Buffer.from([isTouched ? 1 : 0]), uint32(7)]);
  return withLine(type, wire(type, publicHalf, application), (data) =>
    Buffer.concat([wire(type, seal(Buffer.concat([sha256(application), state, sha256(data)]))), state]),
  );
}

function newPair() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const publicHalf = Buffer.from(publicKey.export({ format: "jwk" }).x as string, "base64url");
  return { publicHalf, seal: (data: Buffer) => sign(null, data, privateKey) };
}

function withLine(type: string, blob: Buffer, sign: AgentKey["sign"]): AgentKey {
  return { line: `${type} ${blob.toString("base64")}`, blob, sign };
}

/** Starts an ssh agent with these keys at a socket (draft-ietf-sshm-ssh-agent). Returns a function that stops it. */
export async function startAgent(path: string, keys: readonly AgentKey[]): Promise<() => void> {
  const answer = (request: Buffer): Buffer => {
    const fields = new WireReader(request.subarray(1), new Error("found half a request"));
    if (request[0] === 11) {
      return Buffer.concat([Buffer.from([12]), uint32(keys.length), ...keys.map(({ blob }) => wire(blob, "a key"))]);
    }
    if (request[0] !== 13) return Buffer.from([5]);
    const wanted = fields.string();
    const key = keys.find(({ blob }) => blob.equals(wanted));
    return key ? Buffer.concat([Buffer.from([14]), wire(key.sign(fields.string()))]) : Buffer.from([5]);
  };
  const server = createServer((socket) => {
    let rest = Buffer.alloc(0);
    socket.on("error", () => socket.destroy());
    socket.on("data", (data) => {
      rest = Buffer.concat([rest, data]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
        const end = 4 + rest.readUInt32BE();
        socket.write(wire(answer(rest.subarray(4, end))));
        rest = rest.subarray(end);
      }
    });
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve));
  server.unref();
  return () => server.close();
}
