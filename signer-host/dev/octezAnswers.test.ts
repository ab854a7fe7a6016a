import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { RawRig, request } from "./rawRig.ts";
import { voteBytes } from "./sampleBytes.ts";

// A real octez-signer's answers, as seen on the wire. The texts are those of resto's server.ml and of handler.ml.

const unknown = "tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx";
let rig: RawRig;
const level = 100;
before(async () => {
  rig = await RawRig.start();
});
afterEach(() => rig.clean());
after(() => rig.stop());

const vote = (filler = 0) => voteBytes(0x13, { level, filler });
const json = ["content-type: application/json"];
const text = ["content-type: text/plain"];
const chunked = "transfer-encoding: chunked";
const inChunks = (body: string) =>
  body ? `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n` : "0\r\n\r\n";
const path = "Failed to parsed an argument in path. After";
const query = "Failed to parse the query string:";

/** `json` is the body of an answer with a length, `chunks` that of a chunked one. Each comes with one more header. */
type Row = [
  what: string,
  sent: () => string,
  status: number,
  headers: readonly string[],
  body: { json?: unknown; chunks?: string },
];
const key = () => `/keys/${rig.address}`;
const failure = (msg: string) => ({ json: [{ kind: "temporary", id: "failure", msg }] });
const rows: Row[] = [
  ["what it wants of bakers", () => request("GET /authorized_keys"), 200, json, { json: {} }],
  ["the same with a slash", () => request("GET /authorized_keys/"), 200, json, { json: {} }],
  ["the same with more slashes", () => request("GET //authorized_keys//?future=1"), 200, json, { json: {} }],
  ["a foreign key's public half", () => request(`GET /keys/${unknown}`), 404, [], { chunks: "" }],
  [
    "a foreign key's signature",
    () => rig.post(vote(), { path: `/keys/${unknown}` }),
    500,
    json,
    failure(`no keys for the source contract ${unknown}`),
  ],
  ["another magic byte", () => rig.post(Buffer.of(3, 1)), 500, json, failure("magic byte 0x03 not allowed")],
  [
    "no bytes at all",
    () => rig.post(Buffer.alloc(0)),
    500,
    ["content-type: text/ocaml.exception"],
    { chunks: 'Invalid_argument("index out of bounds")' },
  ],
  [
    "too few bytes",
    () => rig.post(vote().subarray(0, 8)),
    500,
    json,
    failure("byte sequence too short to be an attestation"),
  ],
  [
    "bytes that end before the level",
    () => rig.post(vote().subarray(0, 41)),
    500,
    json,
    failure(
      'Failed to retrieve level and round of an attestation or preattestation (Invalid_argument("index out of bounds"))',
    ),
  ],
  ["its keys", () => request("GET /known_keys"), 500, json, failure("List known keys request not allowed.")],
  [
    "a proof",
    () => request(`GET /bls_prove_possession/${unknown}`),
    500,
    json,
    failure("Request to prove possession is not allowed."),
  ],
  ["another path", () => request("GET /version"), 404, [], { chunks: "" }],
  ["no key", () => request("GET /keys/"), 404, [], { chunks: "" }],
  ["more than a key", () => request(`GET ${key()}/more`), 404, [], { chunks: "" }],
  [
    "what is no address",
    () => request("GET /keys/tz1no"),
    400,
    text,
    {
      chunks: `${path} "keys/tz1no", the value "failed to decode Base58Check-encoded data (Signature.Public_key_hash): "tz1no"" is not acceptable for type "pkh"`,
    },
  ],
  ["another method than GET", () => request("POST /authorized_keys"), 405, ["allow: GET"], { chunks: "" }],
  ["another method than two", () => request(`DELETE ${key()}`), 405, ["allow: GET", "allow: POST"], { chunks: "" }],
  ["a method of its own kind", () => request("TRACE /authorized_keys"), 501, [], { chunks: "" }],
  ["the head alone", () => request("HEAD /authorized_keys"), 501, [chunked], {}],
  [
    "its methods",
    () => request(`OPTIONS ${key()}`),
    200,
    ["Access-Control-Allow-Methods: GET", "Access-Control-Allow-Methods: POST"],
    { chunks: "" },
  ],
  ["the methods of nothing", () => request("OPTIONS /version"), 404, [], { chunks: "" }],
  [
    "a type with a charset",
    () => rig.post(vote(), { type: "application/json; charset=utf-8" }),
    415,
    [],
    { chunks: "" },
  ],
  ["a type in capitals", () => rig.post(vote(), { type: "Application/JSON" }), 415, [], { chunks: "" }],
  ["a form", () => rig.post(vote(), { type: "application/x-www-form-urlencoded" }), 415, [], { chunks: "" }],
  ["a text", () => request("GET /authorized_keys", ["content-type: text/plain"]), 415, [], { chunks: "" }],
  [
    "BSON",
    () => rig.post(vote(), { type: "application/bson" }),
    400,
    text,
    { chunks: "Failed to parse the request body: wanted bytes as application/bson has them" },
  ],
  [
    "bytes that are text",
    () => rig.post(vote(), { type: "application/octet-stream" }),
    400,
    text,
    { chunks: "Failed to parse the request body: wanted bytes as application/octet-stream has them" },
  ],
  [
    "an odd number of digits",
    () => request(`POST ${key()}`, json, '"13a"'),
    400,
    text,
    { chunks: "Failed to parse the request body: wanted a JSON string of hex digits, two for each byte" },
  ],
  [
    "an unknown version",
    () => rig.post(vote(), { path: `${key()}?version=4` }),
    400,
    text,
    { chunks: `${query} Failed to parse argument 'version' ("4"): Invalid signature version` },
  ],
  [
    "two versions",
    () => rig.post(vote(), { path: `${key()}?version=3&version=3` }),
    400,
    text,
    { chunks: `${query} Duplicate argument 'version' in query string.` },
  ],
  [
    "no version",
    () => rig.post(vote(), { path: `${key()}?version` }),
    400,
    text,
    { chunks: `${query} Failed to parse argument 'version' (""): Invalid signature version` },
  ],
  [
    "no authentication",
    () => rig.post(vote(), { path: `${key()}?authentication=edsigno` }),
    400,
    text,
    {
      chunks: `${query} Failed to parse argument 'authentication' ("edsigno"): failed to decode Base58Check-encoded data (Signature.V3): "edsigno"`,
    },
  ],
  [
    "a bad type before a bad query",
    () => rig.post(vote(), { path: `${key()}?version=4`, type: "text/plain" }),
    415,
    [],
    { chunks: "" },
  ],
];
for (const [what, sent, status, headers, { json: value, chunks }] of rows) {
  test(`answers as octez-signer does, asked for ${what}`, async () => {
    const reply = await rig.client(sent()).reply();
    const body = value === undefined ? (chunks === undefined ? "" : inChunks(chunks)) : `${JSON.stringify(value)}\n`;
    const more = value === undefined ? (chunks === undefined ? [] : [chunked]) : [`content-length: ${body.length}`];
    assert.deepEqual(reply, { status, headers: [...headers, ...more], body });
  });
}
