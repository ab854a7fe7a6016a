import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { type Registered, recordResources } from "./recordedProgram.ts";

let registered: Registered[];
const options: Record<string, pulumi.CustomResourceOptions> = {};
const hosts: Record<string, string> = {};
const annotations: Record<string, object> = {};

const plain = { port: 22, alternatePorts: [], sourceRanges: [] };
const address = { name: "signers", project: "my-project", region: "europe-west1", existing: false };
const id = "projects/my-project/regions/europe-west1/addresses/signers";
const dnsZone = { name: "example" };
const host = "signers.example.org";

before(async () => {
  registered = await recordResources(({ name, inputs }) => ({
    id: `${name}-id`,
    state: { ...inputs, address: "198.51.100.7" },
  }));
  const { makeEndpoint } = await import("./endpoint.ts");
  const make = async (name: string, config: object, facts: object = {}) => {
    const endpoint = await makeEndpoint(name, { ...plain, ...config }, facts, {
      transformations: [
        ({ name, opts, props }) => {
          options[name] = opts;
          return { opts, props };
        },
      ],
    });
    hosts[name] = await new Promise((resolve) => void pulumi.output(endpoint.host).apply(resolve));
    annotations[name] = endpoint.annotations;
  };
  await make("plain", { host });
  await make("new", { address });
  await make("adopted", { address, host, dnsZone }, { addresses: { [id]: "198.51.100.7" } });
  await make(
    "theirs",
    { address: { ...address, existing: true }, host, dnsZone: { ...dnsZone, project: "dns-project" } },
    { addresses: { [id]: "198.51.100.9" } },
  );
  await make("bare", { address: { ...address, existing: true } }, { addresses: { [id]: "198.51.100.9" } });
  await pulumi.runtime.disconnect();
});

function find(name: string): Registered {
  const [found, ...others] = registered.filter((resource) => resource.name === name);
  assert.ok(found && others.length === 0, name);
  return found;
}

test("the children are these, and no others", () => {
  assert.deepEqual(registered.map(({ name, type }) => `${name} ${type}`).sort(), [
    "adopted remote-signer-cloud:index:PublicAddress",
    "adopted-address gcp:compute/address:Address",
    "adopted-record gcp:dns/recordSet:RecordSet",
    "bare remote-signer-cloud:index:PublicAddress",
    "new remote-signer-cloud:index:PublicAddress",
    "new-address gcp:compute/address:Address",
    "theirs remote-signer-cloud:index:PublicAddress",
    "theirs-record gcp:dns/recordSet:RecordSet",
  ]);
});

test("an address outlives its stack: nothing deletes or replaces it", () => {
  const { inputs } = find("new-address");
  const { protect, retainOnDelete } = options["new-address"] ?? {};
  assert.deepEqual(inputs, { name: "signers", project: "my-project", region: "europe-west1", addressType: "EXTERNAL" });
  assert.deepEqual([protect, retainOnDelete], [true, true]);
});

test("one that is there is adopted, one that is not is made", () => {
  assert.equal(options["adopted-address"]?.import, id);
  assert.equal(options["new-address"]?.import, undefined);
});

test("a name in a zone gets a record that leads to the address, and is kept as well", () => {
  const record = { managedZone: "example", name: "signers.example.org.", type: "A", ttl: 60 };
  const { inputs } = find("adopted-record");
  assert.deepEqual(inputs, { ...record, project: "my-project", rrdatas: ["198.51.100.7"] });
  assert.equal(options["adopted-record"]?.retainOnDelete, true);
  assert.deepEqual(find("theirs-record").inputs, { ...record, project: "dns-project", rrdatas: ["198.51.100.9"] });
});

test("signers dial the config's host, or the address where it has none", () => {
  assert.deepEqual(hosts, { plain: host, new: "198.51.100.7", adopted: host, theirs: host, bare: "198.51.100.9" });
});

test("the load balancer gets the address by its name, and without one nothing is said of it", () => {
  const byName = { "cloud.google.com/l4-rbs": "enabled", "networking.gke.io/load-balancer-ip-addresses": "signers" };
  assert.deepEqual([annotations.new, annotations.theirs, annotations.plain], [byName, byName, {}]);
});
