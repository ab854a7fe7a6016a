import { Address } from "@pulumi/gcp/compute/address.js";
import { RecordSet } from "@pulumi/gcp/dns/recordSet.js";
import * as pulumi from "@pulumi/pulumi";
import type { AddressConfig, StackConfig } from "./config/config.ts";
import { addressId } from "./facts/reservedAddresses.ts";

/** The arguments of PublicAddress. */
export type PublicAddressArgs = AddressConfig & {
  /** The DNS name that gets a record, if there is a zone. */
  readonly host?: string | undefined;
  readonly dnsZone?: NonNullable<StackConfig["endpoint"]>["dnsZone"];
  /** Its number, if such an address exists already. */
  readonly number?: string | undefined;
};

/**
 * A regional address of Google's cloud that outlives the cluster and the stack, and the DNS record that leads to it.
 *
 * `destroy` keeps it, and no update can delete or replace it. If it exists but is not in Pulumi's state, it is adopted.
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
          // The id that the resource has anyway, so this has no effect on one that is in the state.
          ...(number && { import: addressId(args) }),
          // The address may have been reserved with other settings. Changing them would replace it.
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
          // Signers redial every second. After a change of the address they come back this many seconds later.
          ttl: 60,
          rrdatas: [this.number],
        },
        // If the name were missing between `down` and `up`, DNS would answer for minutes that it does not exist (the
        // zone's SOA says how long). Making the record again succeeds, whatever it holds by then.
        { parent: this, retainOnDelete: true },
      );
    }
    this.registerOutputs({ number: this.number });
  }
}
