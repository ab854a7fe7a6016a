import { ValidationResult, validateKeyHash, validateSignature } from "@taquito/utils";
import { Refusal } from "./refusal.ts";
import type { Signing } from "./signing.ts";

export interface Request {
  readonly method: string;
  /** Path and query string, as they stand in the request line. */
  readonly target: string;
  readonly contentType: string | undefined;
  readonly body: string;
}

/** JSON, or a plain text (which may be empty). `close` ends the connection after it. */
export interface Reply {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly allow?: string;
  readonly close?: boolean;
}

/**
 * octez-signer's HTTP API: one request, one reply, never a throw.
 *
 * - `GET /authorized_keys` is `{}`: no authentication is required. One that is offered all the same is ignored.
 * - `GET /keys/<address>` is `{"public_key": "…"}`, or 404 with an empty body for a key that is not here.
 * - `POST /keys/<address>[?version=0…3][&authentication=<signature>]`, the bytes to sign as a JSON string of hex, is
 *   `{"signature": "…"}`. What will not be signed, an unknown key included, is 500 with a list of one error.
 * - `GET /known_keys` and `GET /bls_prove_possession/<address>` are refused in the same way, as by an octez-signer that
 *   was not told to allow them.
 * - A path, query or body that cannot be read is 400 with a text, another method 405, another path 404, a body that is
 *   not JSON by its content type 415.
 *
 * Source: Octez's `src/lib_signer_services/signer_services.ml`, `src/bin_signer/http_daemon.ml`, `handler.ml`, and
 * `resto/src/server.ml` for the statuses.
 */
export async function answer(signing: Signing, request: Request): Promise<Reply> {
  try {
    return await route(signing, request);
  } catch (error) {
    if (error instanceof BadRequest) {
      return { status: 400, text: error.message };
    }
    // A Refusal, or a disk that fails: octez-signer makes the same of both.
    return { status: 500, json: [{ kind: "temporary", id: "failure", msg: (error as Error).message }] };
  }
}

class BadRequest extends Error {}

async function route(signing: Signing, { method, target, contentType, body }: Request): Promise<Reply> {
  const { path = "", query = "" } = /^(?<path>[^?]*)\??(?<query>.*)$/s.exec(target)?.groups ?? {};
  const [service, argument, ...rest] = path.split("/").slice(1);
  if (rest.length > 0 || argument === "") {
    return { status: 404 };
  }
  switch (argument === undefined ? service : `${service}/address`) {
    case "authorized_keys":
      return method === "GET" ? { status: 200, json: {} } : notAllowed("GET");
    case "known_keys":
      return method === "GET" ? refused("listing the known keys is not allowed") : notAllowed("GET");
    case "bls_prove_possession/address":
      addressIn(argument);
      return method === "GET" ? refused("proving the possession of a key is not allowed") : notAllowed("GET");
    case "keys/address": {
      const address = addressIn(argument);
      if (method === "GET") {
        const key = signing.keys.get(address);
        return key === undefined ? { status: 404 } : { status: 200, json: { public_key: key.publicKey } };
      }
      if (method !== "POST") {
        return notAllowed("GET, POST");
      }
      if (contentType !== undefined && !/^application\/json\s*(;|$)/i.test(contentType)) {
        return { status: 415 };
      }
      const version = versionIn(query);
      return { status: 200, json: { signature: await signing.sign(address, version, bytesIn(body)) } };
    }
    default:
      return { status: 404 };
  }
}

function notAllowed(allow: string): Reply {
  return { status: 405, allow };
}

function refused(message: string): never {
  throw new Refusal(message);
}

function addressIn(text: string | undefined): string {
  if (text === undefined || validateKeyHash(text) !== ValidationResult.VALID) {
    throw new BadRequest(`path: found ${JSON.stringify(text)}, wanted an address, tz1 to tz4`);
  }
  return text;
}

/** The signature version, if one is asked for. Parameters that no one knows are ignored, as by octez-signer. */
function versionIn(query: string): number | undefined {
  const parameters = new URLSearchParams(query);
  const authentication = parameters.get("authentication");
  if (authentication !== null && validateSignature(authentication) !== ValidationResult.VALID) {
    throw new BadRequest(`query: authentication: found ${JSON.stringify(authentication)}, wanted a signature`);
  }
  const version = parameters.get("version");
  if (version !== null && !/^[0-3]$/.test(version)) {
    throw new BadRequest(`query: version: found ${JSON.stringify(version)}, wanted 0, 1, 2 or 3`);
  }
  return version === null ? undefined : Number(version);
}

function bytesIn(body: string): Uint8Array {
  let text: unknown;
  try {
    text = JSON.parse(body);
  } catch {
    // Said below.
  }
  if (typeof text !== "string" || !/^([0-9a-f]{2})*$/i.test(text)) {
    throw new BadRequest("body: wanted a JSON string of hex digits, two for each byte");
  }
  return Buffer.from(text, "hex");
}
