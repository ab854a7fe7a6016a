import { load } from "js-yaml";

/** What stands in for the pages' shortened values. */
export type PageNames = {
  /** The delegate's address. */
  readonly delegate: string;
  /** Keys by their names on the pages. */
  readonly keys: Readonly<Record<string, { readonly address: string; readonly publicKey: string }>>;
  /** ssh public keys by the names of signers. */
  readonly sshPublicKeys: Readonly<Record<string, string>>;
};

type Key = { name: string; address: string; publicKey: string; signer: string };
type Signer = { name: string; sshPublicKey: string; port: number; device?: { kind: string } };
type Baker = {
  name: string;
  delegates: { address: string; keys: { consensus: Key[]; companion?: Key[] } }[];
};
/** The part of a stack's config that a page shows. */
export type PageConfig = { readonly signers?: Signer[]; readonly bakers: Baker[] };

/** Reads a config as a page shows it, and puts whole values where the page has shortened ones. */
export function pageConfig(yaml: string, names: PageNames): PageConfig {
  const shown = load(yaml) as Record<string, unknown>;
  const unknown = Object.keys(shown).filter((key) => key !== signersKey && key !== bakersKey);
  if (unknown.length > 0)
    throw new Error(`found the config keys ${unknown.join(", ")} on a page, wanted signers and bakers`);
  const signers = shown[signersKey] as Signer[] | undefined;
  for (const signer of signers ?? [])
    signer.sshPublicKey = whole(signer.sshPublicKey, names.sshPublicKeys[signer.name]);
  const bakers = shown[bakersKey] as Baker[];
  for (const delegate of bakers.flatMap(({ delegates }) => delegates)) {
    delegate.address = whole(delegate.address, names.delegate);
    for (const key of [...delegate.keys.consensus, ...(delegate.keys.companion ?? [])]) {
      key.address = whole(key.address, names.keys[key.name]?.address);
      key.publicKey = whole(key.publicKey, names.keys[key.name]?.publicKey);
    }
  }
  return { ...(signers && { signers }), bakers };
}

const signersKey = "remote-signer-cloud:signers";
const bakersKey = "remote-signer-cloud:bakers";

/** A whole value for a shortened one, such as `tz4…`. Throws if it does not begin like that. */
export function whole(short: string, value: string | undefined): string {
  const start = short.replace(/…$/, "");
  if (start === short || !value?.startsWith(start))
    throw new Error(`found ${short} on a page, wanted the shortened ${value ?? "value of a known name"}`);
  return value;
}
