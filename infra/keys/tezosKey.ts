import {
  getPkhfromPk,
  ValidationResult,
  validateBlock,
  validateChain,
  validateKeyHash,
  validatePublicKey,
} from "@taquito/utils";

/** What is wrong with the text, or undefined if it is the address (public key hash) of a Tezos account: tz1 to tz4. */
export function problemOfAddress(text: string): string | undefined {
  return problem(validateKeyHash(text), "an address that starts with tz1, tz2, tz3 or tz4");
}

/** What is wrong with the text, or undefined if it is a Tezos public key: edpk, sppk, p2pk or BLpk. */
export function problemOfPublicKey(text: string): string | undefined {
  return problem(validatePublicKey(text), "a public key that starts with edpk, sppk, p2pk or BLpk");
}

/** What is wrong with the text, or undefined if it is the id of a chain: Net… */
export function problemOfChainId(text: string): string | undefined {
  return problem(
    validateChain(text),
    "a chain's id that starts with Net, as `octez-client rpc get /chains/main/chain_id`",
  );
}

/** What is wrong with the text, or undefined if it is the hash of a block: B… */
export function problemOfBlockHash(text: string): string | undefined {
  return problem(validateBlock(text), "a block's hash that starts with B");
}

/** The address of a valid public key: the hash that Octez stores next to it. */
export function addressOf(publicKey: string): string {
  return getPkhfromPk(publicKey);
}

function problem(result: ValidationResult, wanted: string): string | undefined {
  switch (result) {
    case ValidationResult.VALID:
      return undefined;
    case ValidationResult.INVALID_CHECKSUM:
      return `${wanted} and has a right checksum (a character is wrong or missing)`;
    default:
      return wanted;
  }
}
