import { b58DecodeAndCheckPrefix, getPkhfromPk, PrefixV2, verifySignature } from "@taquito/utils";
import type { Role } from "./delegateKeys.ts";
import type { Delegates } from "./delegates.ts";
import { isObject } from "./eventSinks.ts";
import { isSignature } from "./remoteSigner.ts";

/**
 * An operation of a delegate about its keys, as the stand-in's octez-client injects it: this as JSON, in hex. Octez has
 * the same contents in a form of its own (`Delegation` and `Update_consensus_key` in
 * src/proto_025_PsUshuai/lib_protocol/operation_repr.ml).
 */
export type KeyOperation = {
  /** The delegate's own public key. */
  readonly delegate: string;
  /** Registers the delegate first. */
  readonly registers?: true;
  readonly role: Role;
  readonly publicKey: string;
  /** A tz4's proof that its secret half is there. */
  readonly proof?: string;
};
export type SignedKeyOperation = { readonly operation: KeyOperation; readonly signature: string };

/** What a manager's operation begins with where it is signed. */
const magicByte = Buffer.of(0x03);

export function operationBytes(operation: KeyOperation): Buffer {
  return Buffer.concat([magicByte, Buffer.from(JSON.stringify(operation))]);
}

/** Reads an injected operation. Returns undefined for any other. */
export function readKeyOperation(bytes: Buffer): SignedKeyOperation | undefined {
  if (bytes[0] !== 0x7b) return undefined;
  try {
    const signed = JSON.parse(bytes.toString()) as unknown;
    const isOne = isObject(signed) && isObject(signed.operation) && typeof signed.signature === "string";
    return isOne ? (signed as SignedKeyOperation) : undefined;
  } catch {
    return undefined;
  }
}

/** Changes the delegates as an operation says, at a level. Throws what the protocol says against it. */
export function applyKeyOperation(signed: SignedKeyOperation, delegates: Delegates, level: number): void {
  const { operation, signature } = signed;
  if (!isSignature(operation.delegate, operationBytes(operation), signature))
    throw new Error("The operation signature is invalid");
  const address = getPkhfromPk(operation.delegate);
  checkProof(operation, address);
  delegates.together(() => {
    if (operation.registers) delegates.register(address, level);
    delegates.set(address, operation.role, operation.publicKey, level);
  });
}

/** As src/proto_025_PsUshuai/lib_protocol/validate.ml, with the texts of validate_errors.ml. */
function checkProof({ role, publicKey, proof }: KeyOperation, address: string): void {
  const isBls = publicKey.startsWith("BLpk");
  if (role === "companion" && !isBls)
    throw new Error(`Update to the BLS companion key of ${address} with key ${publicKey} that should be a tz4.`);
  const update = `Update to ${isBls ? "a BLS " : ""}${role} key`;
  if (isBls && proof === undefined)
    throw new Error(`${update} ${publicKey} from ${address} should contain a proof of possession.`);
  if (!isBls && proof !== undefined)
    throw new Error(`${update} of ${publicKey} from ${address} contains an unused proof of possession.`);
  if (isBls && proof !== undefined && !isProof(publicKey, proof))
    throw new Error(`${update} ${publicKey} contains an incorrect proof of possession ${proof}.`);
}

/** Whether a tz4 key has signed itself, in the way that is for that alone. */
export function isProof(publicKey: string, proof: string): boolean {
  try {
    const bytes = b58DecodeAndCheckPrefix(publicKey, [PrefixV2.BLS12_381PublicKey], true);
    return verifySignature(bytes, publicKey, proof, undefined, true);
  } catch {
    return false;
  }
}
