import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { verifySignature } from "@taquito/utils";
import type { WalletKey } from "./wallet.ts";

/** The version of signatures that protocol U (Ushuaia) asks for. */
const signatureVersion = 3;

/**
 * Requests a signature as Octez does: whether the signer wants authenticated requests, then the signature, which must
 * fit the public key. There is no time limit: a signer that keeps silent keeps its baker waiting.
 */
export async function sign(key: WalletKey, bytes: Buffer): Promise<string> {
  const authorized = await call(`${key.signerUrl}/authorized_keys`, "GET");
  if ((authorized as { authorized_keys?: unknown }).authorized_keys !== undefined)
    throw new Error("the signer wants authenticated requests, and the wallet has no key for that");
  const url = `${key.signerUrl}/keys/${key.address}?version=${signatureVersion}`;
  const { signature } = (await call(url, "POST", `"${bytes.toString("hex")}"\n`)) as { signature?: unknown };
  if (typeof signature !== "string" || !isSignature(key.publicKey, bytes, signature))
    throw new Error(`the signer for ${key.signerUrl}/${key.address} produced an invalid signature`);
  return signature;
}

/** Whether a signature is the public key's, of any of Tezos' four curves. */
export function isSignature(publicKey: string, bytes: Buffer, signature: string): boolean {
  try {
    return verifySignature(new Uint8Array(bytes), publicKey, signature);
  } catch {
    return false;
  }
}

/** An HTTP call with Octez's patience: only a 502 is tried again, ten times in all, 0 to 0.8 s apart. */
async function call(url: string, method: "GET" | "POST", body?: string): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    const { status, text } = await send(url, method, body);
    if (status === 502 && attempt < 10) {
      await sleep((attempt - 1) * 100);
      continue;
    }
    if (status !== 200) throw new Error(`${method} ${new URL(url).pathname}: HTTP ${status} ${text.slice(0, 300)}`);
    try {
      return JSON.parse(text) ?? {};
    } catch {
      throw new Error(`${method} ${new URL(url).pathname}: not JSON: ${text.slice(0, 300)}`);
    }
  }
}

/**
 * One request on a connection of its own, which is closed after the answer without a word about it in the request. A
 * body goes out in chunks.
 */
function send(url: string, method: string, body?: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      accept: "application/json, application/bson;q=0.1, application/octet-stream;q=0.2",
      ...(body !== undefined && { "content-type": "application/json", "transfer-encoding": "chunked" }),
    };
    const outgoing = request(url, { method, agent: false, headers }, async (response) => {
      try {
        const text = Buffer.concat(await response.toArray()).toString();
        resolve({ status: response.statusCode ?? 0, text });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.removeHeader("connection");
    outgoing.on("error", reject).end(body);
  });
}
