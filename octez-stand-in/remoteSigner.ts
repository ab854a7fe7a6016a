import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { verifySignature } from "@taquito/utils";
import { authenticate, type LocalKey } from "./authentication.ts";
import type { WalletKey } from "./wallet.ts";

/** The signature version that protocol U (Ushuaia) asks for. */
const signatureVersion = 3;

/**
 * Requests a signature as Octez does. It first asks whether the signer wants authenticated requests, which one of the
 * wallet's local keys signs then, and then for the signature, which must match the public key. There is no time-out: a
 * silent signer keeps its baker waiting.
 */
export async function sign(key: WalletKey, bytes: Buffer, localKeys: readonly LocalKey[] = []): Promise<string> {
  const answer = await call(`${key.signerUrl}/authorized_keys`, "GET");
  const { authorized_keys: authorized } = answer as { authorized_keys?: unknown };
  const authentication =
    authorized === undefined ? "" : `authentication=${authenticate(localKeys, authorized, key.address, bytes)}&`;
  const url = `${key.signerUrl}/keys/${key.address}?${authentication}version=${signatureVersion}`;
  const { signature } = (await call(url, "POST", `"${bytes.toString("hex")}"\n`)) as { signature?: unknown };
  if (typeof signature !== "string" || !isSignature(key.publicKey, bytes, signature))
    throw new Error(`the signer for ${key.signerUrl}/${key.address} produced an invalid signature`);
  return signature;
}

/** Asks for the public key of an address (`GET /keys/<address>`). */
export async function askPublicKey(signerUrl: string, address: string): Promise<string> {
  const { public_key: key } = (await call(`${signerUrl}/keys/${address}`, "GET")) as { public_key?: unknown };
  if (typeof key !== "string") throw new Error(`the signer at ${signerUrl} gave no public key for ${address}`);
  return key;
}

/** Asks a tz4 for the proof that its secret half is there. octez-signer refuses without its --allow-to-prove-possession. */
export async function provePossession(key: WalletKey): Promise<string> {
  const answer = await call(`${key.signerUrl}/bls_prove_possession/${key.address}`, "GET");
  const { bls_prove_possession: proof } = answer as { bls_prove_possession?: unknown };
  if (typeof proof !== "string") throw new Error(`the signer at ${key.signerUrl} gave no proof for ${key.address}`);
  return proof;
}

/** Whether a signature matches the public key, on any of Tezos' four curves. */
export function isSignature(publicKey: string, bytes: Buffer, signature: string): boolean {
  try {
    return verifySignature(new Uint8Array(bytes), publicKey, signature);
  } catch {
    return false;
  }
}

/** An HTTP call with Octez's retries: only a 502 is retried, up to ten attempts in all, 0 to 0.8 s apart. */
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
 * Sends one request on a new connection, and closes that after the answer. The request does not announce this. A body
 * is sent in chunks.
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
