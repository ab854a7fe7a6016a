import { ValidationResult, validateKeyHash, validateSignature } from "@taquito/utils";
import { Cancelled, OcamlException, Refusal } from "./refusal.ts";
import type { Signing, SignQuery } from "./signing.ts";

export type Request = {
  readonly method: string;
  /** Path and query string, as in the request line. */
  readonly target: string;
  readonly contentType: string | undefined;
  readonly body: Buffer;
};

type Header = readonly [name: string, value: string];

export type Reply = {
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body: string;
  /** Answers of the services have a content length. octez-signer's own answers about a request are chunked. */
  readonly isChunked: boolean;
};

/**
 * Answers one request to octez-signer's HTTP API. Throws only a Cancelled, once the signal is aborted.
 *
 * - `GET /authorized_keys` returns `{}`: no authentication is required, and one in a request is ignored. With an
 *   authorization it returns `{"authorized_keys": ["<address>"…]}`.
 * - `GET /keys/<address>` returns `{"public_key": "…"}`, or 404 with an empty body for an unknown key.
 * - `POST /keys/<address>[?version=0…3][&authentication=<signature>]` returns `{"signature": "…"}`. Its body is the
 *   bytes to sign, as a JSON string of hex or, if the content type says so, as bytes after their length. A rejected
 *   request, also one for an unknown key, gets 500 with a list of one error.
 * - `GET /known_keys` and `GET /bls_prove_possession/<address>` are rejected in the same way, as by an octez-signer
 *   that was not configured to allow them.
 * - Other answers, checked in this order: 404 for another path, 400 for an invalid address, 405 for another method (501
 *   for HEAD, TRACE and the like, and 200 for OPTIONS), 415 for a content type that is not exactly one of three, 400
 *   for an unreadable query or body.
 *
 * Source: Octez's `src/lib_signer_services/signer_services.ml`, `src/bin_signer/http_daemon.ml`, `handler.ml`, and
 * `resto/src/server.ml` for statuses and texts.
 */
export async function answer(signing: Signing, request: Request, signal: AbortSignal): Promise<Reply> {
  try {
    return json(200, await serve(signing, request, signal));
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    if (error instanceof Answered) return error.reply;
    if (error instanceof OcamlException)
      return inChunks(500, [["content-type", "text/ocaml.exception"]], error.message);
    // A Refusal or a failing disk: octez-signer answers both in the same way.
    return json(500, [{ kind: "temporary", id: "failure", msg: (error as Error).message }]);
  }
}

/** A reply that ends the request before it reaches its service. */
class Answered extends Error {
  readonly reply: Reply;

  constructor(status: number, headers: readonly Header[] = [], text = "") {
    super(text);
    this.reply = inChunks(status, text ? [...headers, ["content-type", "text/plain"]] : headers, text);
  }
}

function json(status: number, value: unknown): Reply {
  const headers: Header[] = [["content-type", "application/json"]];
  return { status, headers, body: `${JSON.stringify(value)}\n`, isChunked: false };
}

function inChunks(status: number, headers: readonly Header[], body: string): Reply {
  return { status, headers, body, isChunked: true };
}

type Handler = (query: string) => unknown;
type Service = Readonly<Partial<Record<"GET" | "POST", Handler>>>;

async function serve(signing: Signing, request: Request, signal: AbortSignal): Promise<unknown> {
  const { path = "", query = "" } = /^(?<path>[^?]*)\??(?<query>.*)$/s.exec(request.target)?.groups ?? {};
  const { method } = request;
  if (!["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].includes(method)) throw new Answered(501);
  const service = serviceAt(path, signing, request, signal);
  const methods = Object.keys(service);
  if (method === "OPTIONS")
    throw new Answered(
      200,
      methods.map((each) => ["Access-Control-Allow-Methods", each]),
    );
  const handler = service[method as keyof Service];
  if (handler === undefined)
    throw new Answered(
      405,
      methods.map((each) => ["allow", each]),
    );
  if (!isMediaType(request.contentType)) throw new Answered(415);
  return handler(query);
}

/** The service of a path. Empty segments of the path are ignored. */
function serviceAt(path: string, signing: Signing, { contentType, body }: Request, signal: AbortSignal): Service {
  const [name, argument, ...rest] = path.split("/").filter(Boolean).map(decoded);
  if (argument === undefined && name === "authorized_keys") return { GET: () => authorizedKeys(signing) };
  if (argument === undefined && name === "known_keys") return { GET: refused("List known keys request not allowed.") };
  if (argument === undefined || (name !== "keys" && name !== "bls_prove_possession")) throw new Answered(404);
  const address = addressIn(name, argument);
  if (rest.length > 0) throw new Answered(404);
  if (name === "bls_prove_possession") return { GET: refused("Request to prove possession is not allowed.") };
  return {
    GET: () => ({ public_key: signing.keys.get(address)?.publicKey ?? unknownKey() }),
    POST: async (query) => {
      const options = optionsIn(query);
      const bytes = contentType === undefined || isJson(contentType) ? hexIn(body) : bytesIn(body, contentType);
      return { signature: await signing.sign(address, options, bytes, signal) };
    },
  };
}

function authorizedKeys({ authorization }: Signing): { authorized_keys?: readonly string[] } {
  return authorization === undefined ? {} : { authorized_keys: authorization.addresses };
}

function unknownKey(): never {
  throw new Answered(404);
}

function refused(message: string): Handler {
  return () => {
    throw new Refusal(message);
  };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function addressIn(service: string, text: string): string {
  if (validateKeyHash(text) === ValidationResult.VALID) return text;
  throw badRequest(
    `Failed to parsed an argument in path. After "${service}/${text}", the value ` +
      `"${undecodable("Signature.Public_key_hash", text)}" is not acceptable for type "pkh"`,
  );
}

/** The options of a request for a signature. Unknown parameters are ignored. */
function optionsIn(query: string): SignQuery {
  const parameters = new URLSearchParams(query);
  const checks = {
    authentication: (text: string) =>
      validateSignature(text) === ValidationResult.VALID ? undefined : undecodable("Signature.V3", text),
    version: (text: string) => (/^[0-3]$/.test(text) ? undefined : "Invalid signature version"),
  };
  const seen = new Set<string>();
  for (const [name, value] of parameters) {
    if (name !== "authentication" && name !== "version") continue;
    const problem = checks[name](value);
    if (seen.has(name))
      throw badRequest(`Failed to parse the query string: Duplicate argument '${name}' in query string.`);
    if (problem !== undefined)
      throw badRequest(`Failed to parse the query string: Failed to parse argument '${name}' ("${value}"): ${problem}`);
    seen.add(name);
  }
  const version = parameters.get("version") ?? undefined;
  const authentication = parameters.get("authentication") ?? undefined;
  return { authentication, version: version === undefined ? undefined : Number(version) };
}

function undecodable(type: string, text: string): string {
  return `failed to decode Base58Check-encoded data (${type}): "${text}"`;
}

function isMediaType(contentType: string | undefined): boolean {
  return contentType === undefined || /^application\/(json|bson|octet-stream)$/.test(contentType);
}

function isJson(contentType: string): boolean {
  return contentType === "application/json";
}

function hexIn(body: Buffer): Uint8Array {
  let text: unknown;
  try {
    text = JSON.parse(body.toString("utf8"));
  } catch {
    // Reported below.
  }
  if (typeof text === "string" && /^([0-9a-f]{2})*$/i.test(text)) return Buffer.from(text, "hex");
  throw badRequest("Failed to parse the request body: wanted a JSON string of hex digits, two for each byte");
}

/** Reads an octet-stream: a length of four bytes, then the bytes. BSON is rejected, because it has no string value. */
function bytesIn(body: Buffer, contentType: string): Uint8Array {
  if (contentType === "application/octet-stream" && body.length >= 4 && body.readUInt32BE() === body.length - 4)
    return body.subarray(4);
  throw badRequest(`Failed to parse the request body: wanted bytes as ${contentType} has them`);
}

function badRequest(text: string): Answered {
  return new Answered(400, [], text);
}
