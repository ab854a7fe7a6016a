import { getAddresses } from "@pulumi/gcp/compute/getAddresses.js";
import { getZones } from "@pulumi/gcp/compute/getZones.js";
import { getManagedZone } from "@pulumi/gcp/dns/getManagedZone.js";
import type { AddressConfig, StackConfig } from "../config/config.ts";
import { type Problem, show } from "../config/configError.ts";
import { addressesIn, addressId } from "./reservedAddresses.ts";

/** The answers of Google's cloud. */
export type GoogleFacts = {
  /** The number of each reserved address that exists, by its `addressId`. */
  readonly addresses?: Readonly<Record<string, string>>;
  /** Whether a look-up was possible. It needs the Pulumi engine. */
  readonly answered: boolean;
  readonly problems: Problem[];
};

/** A look-up's result. The SDK's types promise every field, but without the Pulumi engine all are missing. */
type Answer<T> = { [Key in keyof T]: T[Key] | undefined };

/** Looks up the regions, zones, addresses and DNS zone that a config names. */
export async function lookUpAtGoogle(config: StackConfig): Promise<GoogleFacts> {
  const nothing: GoogleFacts = { answered: false, problems: [] };
  const { cluster, endpoint, secondEndpoint } = config;
  const all = await Promise.all([
    cluster.kind === "gke" ? asked("cluster.project", () => lookUpZones(cluster)) : nothing,
    ...addressesIn(config).map(({ path, address }) => asked(path, () => lookUpAddress(path, address))),
    ...[endpoint, secondEndpoint].map((one) => {
      const { address, dnsZone, host } = one ?? {};
      return address && dnsZone && host
        ? asked("endpoint.dnsZone", () => lookUpDnsZone(dnsZone.name, dnsZone.project ?? address.project, host))
        : nothing;
    }),
  ]);
  const problems = all.flatMap((facts) => facts.problems);
  const first = new Set(problems.map(({ path, found }) => `${path} ${found}`));
  return {
    addresses: Object.assign({}, ...all.map(({ addresses }) => addresses)),
    answered: all.some(({ answered }) => answered),
    // Without credentials every look-up has the same problem.
    problems: problems.filter(({ path, found }) => first.delete(`${path} ${found}`)),
  };
}

async function lookUpZones(cluster: { project: string; region: string; zones?: string[] | undefined }) {
  const { project, region, zones = [] } = cluster;
  const { names }: Answer<Awaited<ReturnType<typeof getZones>>> = await getZones({ project, region });
  if (names === undefined) return { answered: false, problems: [] };
  if (names.length === 0) {
    return refused({ path: "cluster.region", found: show(region), wanted: "a region that exists" });
  }
  const wanted = `one of ${names.join(", ")}`;
  return refused(
    ...zones.flatMap((zone, i) =>
      names.includes(zone) ? [] : [{ path: `cluster.zones[${i}]`, found: show(zone), wanted }],
    ),
  );
}

async function lookUpAddress(path: string, address: AddressConfig): Promise<GoogleFacts> {
  const { existing, name, project, region } = address;
  const { addresses }: Answer<Awaited<ReturnType<typeof getAddresses>>> = await getAddresses({
    project,
    region,
    filter: `name=${name}`,
  });
  if (addresses === undefined) return { answered: false, problems: [] };
  const found = addresses.find((address) => address.name === name);
  if (!found) {
    const wanted = "one that exists, or existing: false, which makes it";
    return refused(...(existing ? [{ path, found: `no ${show(name)} in ${region} of ${project}`, wanted }] : []));
  }
  if (found.addressType !== "EXTERNAL") {
    const wanted = "one of type EXTERNAL, which can be dialled from outside";
    return refused({ path, found: `one of type ${found.addressType}`, wanted });
  }
  return { addresses: { [addressId(address)]: found.address }, answered: true, problems: [] };
}

async function lookUpDnsZone(name: string, project: string, host: string) {
  const { dnsName, visibility }: Answer<Awaited<ReturnType<typeof getManagedZone>>> = await getManagedZone({
    name,
    project,
  });
  if (dnsName === undefined) return { answered: false, problems: [] };
  const inside = `${host.toLowerCase()}.`.endsWith(`.${dnsName}`) || `${host.toLowerCase()}.` === dnsName;
  return refused(
    ...(inside
      ? []
      : [{ path: "endpoint.host", found: show(host), wanted: `a name in ${dnsName}, the domain of ${name}` }]),
    ...(visibility === "public"
      ? []
      : [{ path: "endpoint.dnsZone", found: `a ${visibility} zone`, wanted: "a public one, for signers to find" }]),
  );
}

function refused(...problems: Problem[]): GoogleFacts {
  return { answered: true, problems };
}

/** Looks something up. Turns a failure into a problem. */
async function asked(path: string, question: () => Promise<GoogleFacts>): Promise<GoogleFacts> {
  try {
    return await question();
  } catch (error) {
    const text = (error as Error).message.replace(/\s+/g, " ");
    if (/credentials|oauth2|invalid_grant|reauth/i.test(text)) {
      const wanted = "yours: gcloud auth application-default login";
      return refused({ path: "(Google's cloud)", found: "no credentials that it takes", wanted });
    }
    const found = text.length > 300 ? `${text.slice(0, 300)}…` : text;
    return refused({ path, found, wanted: "an answer: is it there, its API enabled, and are you allowed to see it?" });
  }
}
