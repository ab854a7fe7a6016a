import { bad, type Judgement, ok, unknown } from "./finding.ts";
import type { SignerView } from "./signerView.ts";
import { up } from "./stackHops.ts";

const guide = "docs/guide/keys/authentication.md";

/** The devices whose daemon can require authentication, and whose set-up is this project's. */
const kitDevices = ["ledger", "tcp"];

/** Whose requests the device's daemon signs, beside the keys with which the stack's bakers sign them. */
export function judgeAuthorized({ authorized, facts, signer }: SignerView): Judgement {
  const { authorized: own, authorizedNext: next, device, name } = signer;
  const newKit = `make the kit again and install it on the host: npm run kit -- ${name} --stack ${facts.stack}`;
  const cure = kitDevices.includes(device)
    ? newKit
    : `give its daemon the keys of the output signers.${name}.authorizedKeys: ${guide}`;
  if (signer.keys.length === 0) return ok("no baker of the config uses this signer");
  if (authorized === undefined) {
    return unknown("the forwarder does not tell whose requests it signs", `${up(facts)}, with today's image`);
  }
  if (authorized === "anybody") {
    if (own.length === 0 || !(kitDevices.includes(device) || device === "signatory")) {
      return ok("it signs requests without authentication");
    }
    return unknown("the bakers sign their requests, and it signs those of others as well", cure);
  }
  if (own.length === 0) {
    return bad(
      "it requires authentication, and its bakers have no key for their requests",
      `give the stack an authenticationSeed, and follow ${guide}; or start its daemon without --require-authentication`,
    );
  }
  const missing = own.filter((address) => !authorized.includes(address));
  if (missing.length > 0)
    return bad(`it does not sign the requests of ${missing.join(" and ")}, a key of its bakers`, cure);
  if (next.some((address) => !authorized.includes(address))) {
    return unknown("it does not know the keys of nextAuthenticationSeed yet", `before these are used, ${cure}`);
  }
  const isOthers = authorized.some((address) => !own.includes(address) && !next.includes(address));
  return ok(`it signs the requests of its bakers ${isOthers ? "and of others" : "alone"}`);
}
