/**
 * The names of the forwarder's replicas: of the Deployment of each, of the Service that signers dial, and of its pods as
 * `app.kubernetes.io/instance`. A stack with one replica has the first alone.
 */
export const replicaNames = ["signer-forwarder", "signer-forwarder-1"] as const;

/** The name of the Service at which bakers' routers ask a replica for any signer. */
export function routedName(replica: number): string {
  return `signer-forwarder-replica-${replica}`;
}
