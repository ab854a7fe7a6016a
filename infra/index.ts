import * as pulumi from "@pulumi/pulumi";
import { Baker } from "./baker.ts";
import { makeCluster } from "./cluster.ts";
import { loadConfig } from "./config/loadConfig.ts";
import { makeEndpoint } from "./endpoint.ts";
import { lookUp } from "./facts/preflight.ts";
import { bakerRelease } from "./names/releaseNames.ts";
import { SignerForwarder } from "./signerForwarder.ts";

const stack = pulumi.getStack();
const config = loadConfig();
const facts = await lookUp(stack, config);

const cluster = await makeCluster("cluster", { config: config.cluster, facts, stack });
const endpoint = config.endpoint && (await makeEndpoint("endpoint", config.endpoint, facts));

// A stack without these only makes a cluster, for others to share.
const forwarder =
  endpoint &&
  config.hostKey &&
  new SignerForwarder("forwarder", {
    cluster,
    endpoint,
    hostKey: config.hostKey,
    nextHostKey: config.nextHostKey,
    image: config.images.signerForwarder,
    namespace: stack,
    bakers: config.bakers,
    monitoring: config.monitoring,
    signers: config.signers,
  });

const allBakers = forwarder
  ? config.bakers.map((baker) => ({
      name: baker.name,
      component: new Baker(bakerRelease(baker.name), {
        baker,
        cluster,
        forwarder,
        image: config.images.octez,
        backupImage: config.images.backup,
        namespace: stack,
        signerUrls: forwarder.signerUrls,
      }),
    }))
  : [];

const clusterAccess = cluster.access;

/**
 * The access with which another stack shares the cluster, by `cluster.kind: stack`.
 *
 * `{kubeconfig, context, identifier, kubectl, getCredentials, snapshotDriver}`
 */
export { clusterAccess as cluster };
// In a stack that only makes a cluster these are null.
/** The endpoint that signers dial: `{host, port, alternatePorts, user}`. */
export const signerEndpoint = forwarder?.endpoint ?? null;
/** The lines for a signer host's known_hosts file: the host key's, and the next one's. */
export const knownHosts = forwarder?.knownHosts ?? null;
/** The host key's fingerprint, as `ssh-keygen -l` prints it. */
export const hostKeyFingerprint = forwarder?.hostKeyFingerprint ?? null;
/** The signers by name: `{url, port, sshPort, sshCommand, sshPublicKeys, answerSeconds, device, mains?, ups?, keys}`. */
export const signers = forwarder?.signers ?? {};
/** The bakers by name: `{keys, logsCommand}`. */
export const bakers = Object.fromEntries(
  allBakers.map(({ name, component: { keys, logsCommand } }) => [name, { keys, logsCommand }]),
);
