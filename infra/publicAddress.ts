import { Address } from "@pulumi/gcp/compute/address.js";
import { RecordSet } from "@pulumi/gcp/dns/recordSet.js";
import * as pulumi from "@pulumi/pulumi";
import type { AddressConfig, StackConfig } from "./config/config.ts";

/** What a public address is made from. */
export type PublicAddressArgs = AddressConfig & {
  /** The DNS name that gets a record, where there is a zone. */
  readonly host?: string | undefined;
  readonly dnsZone?: NonNullable<StackConfig["endpoint"]>["dnsZone"];
  /** Its number, if there is such an address already. */
  readonly number?: string | undefined;
};

/**
 * A regional address of Google's cloud that outlives the cluster and the stack, and the DNS record that leads to it.
 *
 * `destroy` keeps it, no update can delete or replace it, and if it is there but not in Pulumi's state it is adopted.
 */
export class PublicAddress extends pulumi.ComponentResource {
  readonly number: pulumi.Output<string>;

  constructor(name: string, args: PublicAddressArgs, opts?: pulumi.ComponentResourceOptions) {
    super("remote-signer-cloud:index:PublicAddress", name, {}, opts);
    const { dnsZone, existing, host, name: addressName, number, project, region } = args;
    if (existing) {
      this.number = pulumi.output(number as string);
    } else {
      const address = new Address(
        `${name}-address`,
        { name: addressName, project, region, addressType: "EXTERNAL" },
        {
          parent: this,
          protect: true,
          retainOnDelete: true,
          // The id that the resource has anyway: for one that is in the state this does nothing.
          ...(number && { import: `projects/${project}/regions/${region}/addresses/${addressName}` }),
          // Whoever reserved it may have said more of it; to change that would be to replace it.
          ignoreChanges: ["address", "description", "ipVersion", "labels", "networkTier"],
        },
      );
      this.number = address.address;
    }
    if (dnsZone && host) {
      new RecordSet(
        `${name}-record`,
        {
          project: dnsZone.project ?? project,
          managedZone: dnsZone.name,
          name: `${host}.`,
          type: "A",
          // With another address signers, who redial every second, are this much later.
          ttl: 60,
          rrdatas: [this.number],
        },
        // Without the name between `down` and `up` they would be told for minutes that it does not exist (the zone's
        // SOA says how long). To make the record again, whatever it says by then, is no error.
        { parent: this, retainOnDelete: true },
      );
    }
    this.registerOutputs({ number: this.number });
  }
}
