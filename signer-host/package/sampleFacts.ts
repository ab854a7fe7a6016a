import type { KitFacts } from "./kitFacts.ts";

/** For tests: the facts of a kit for a Ledger, whose key is a development key. */
export const ledgerFacts: KitFacts = {
  stack: "prod",
  signer: "home",
  endpoints: [{ host: "198.51.100.7", port: 30022, alternatePorts: [30443], user: "signer" }],
  knownHosts:
    "198.51.100.7 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICQRUWv/IFj9LhFlAiBNf2LpKS6FQJoGI37wOA48PHyK\n198.51.100.7 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICQRUWv/IFj9LhFlAiBNf2LpKS6FQJoGI37wOA48AAAA\n",
  port: 8453,
  sshPort: 9453,
  answerSeconds: 5,
  device: { kind: "ledger" },
  keys: [
    {
      name: "main",
      address: "tz1fv55cpdomJVPYA5M6BeUhqs9M1DbRB79A",
      publicKey: "edpku9tks4rKmTtjjcwTmMKYH18MamZgMxryTCQvFSDwEpMvXBoB9J",
    },
  ],
  authorizedKeys: [],
};

/** For tests: the public key of a baker that signs its requests. */
export const bakersKey = {
  address: "tz1fv55cpdomJVPYA5M6BeUhqs9M1DbRB79A",
  publicKey: "edpku9tks4rKmTtjjcwTmMKYH18MamZgMxryTCQvFSDwEpMvXBoB9J",
};

/** For tests: facts for each kind of device, and with each source of power. */
export const allFacts: Readonly<Record<string, KitFacts>> = {
  ledger: ledgerFacts,
  tezsign: { ...ledgerFacts, device: { kind: "tezsign" } },
  tcp: { ...ledgerFacts, device: { kind: "tcp", url: "tcp://169.254.1.1:7732" } },
  signatory: { ...ledgerFacts, device: { kind: "signatory", url: "http://127.0.0.1:6733" } },
  "own, by HTTP": { ...ledgerFacts, device: { kind: "own", url: "http://127.0.0.1:1234" } },
  "own, by a socket": { ...ledgerFacts, device: { kind: "own", url: "unix:/run/mine.sock" } },
  "ledger, with authentication": { ...ledgerFacts, authorizedKeys: [bakersKey.publicKey] },
  "tezsign, with authentication": {
    ...ledgerFacts,
    device: { kind: "tezsign" },
    authorizedKeys: [bakersKey.publicKey],
  },
  "tcp, with authentication": {
    ...ledgerFacts,
    device: { kind: "tcp", url: "tcp://169.254.1.1:7732" },
    authorizedKeys: [bakersKey.publicKey],
  },
  "ledger, with two endpoints": {
    ...ledgerFacts,
    endpoints: [...ledgerFacts.endpoints, { host: "198.51.100.8", port: 30023, alternatePorts: [], user: "signer" }],
  },
  "ledger, with two uplinks": {
    ...ledgerFacts,
    endpoints: [...ledgerFacts.endpoints, { host: "198.51.100.8", port: 30023, alternatePorts: [], user: "signer" }],
    uplinks: [{ interface: "eth0" }, { interface: "wwan0", metered: true }],
  },
  "ledger, with mains and a UPS": {
    ...ledgerFacts,
    mains: { chip: "gpiochip0", line: 6, lostWhen: "high" },
    ups: "ups@localhost",
  },
};
