import * as pulumi from "@pulumi/pulumi";
import { Baker } from "./baker.ts";
import { makeCluster } from "./cluster.ts";
import { routerImageOf } from "./config/imageConfig.ts";
import { loadConfig } from "./config/loadConfig.ts";
import { makeDalEndpoint } from "./dalEndpoint.ts";
import { makeEndpoint } from "./endpoint.ts";
import { lookUp } from "./facts/preflight.ts";
import { bakerRelease } from "./names/releaseNames.ts";
import { outsideBakerOutput } from "./outsideBaker.ts";
import { SignerForwarder } from "./signerForwarder.ts";

const stack = pulumi.getStack();
const config = loadConfig();
const facts = await lookUp(stack, config);

const cluster = await makeCluster("cluster", { config: config.cluster, facts, stack });
const endpoint = config.endpoint && (await makeEndpoint("endpoint", config.endpoint, facts));
const second = config.secondEndpoint && (await makeEndpoint("second-endpoint", config.secondEndpoint, facts));

// A stack without these only makes a cluster, for others to share.
const forwarder =
  endpoint &&
  config.hostKey &&
  new SignerForwarder("forwarder", {
    cluster,
    endpoints: second ? [endpoint, second] : [endpoint],
    hostKey: config.hostKey,
    nextHostKey: config.nextHostKey,
    authenticationSeed: config.authenticationSeed,
    nextAuthenticationSeed: config.nextAuthenticationSeed,
    image: config.images.signerForwarder,
    namespace: stack,
    bakers: config.bakers,
    monitoring: config.monitoring,
    outsideBakers: config.outsideBakers,
    signers: config.signers,
  });

const allBakers = forwarder
  ? await Promise.all(
      config.bakers.map(async (baker) => ({
        name: baker.name,
        component: new Baker(bakerRelease(baker.name), {
          authenticationSeed: config.authenticationSeed,
          baker,
          cluster,
          dalEndpoint: await makeDalEndpoint(`${bakerRelease(baker.name)}-dal`, baker.dal, facts),
          forwarder,
          image: config.images.octez,
          backupImage: config.images.backup,
          monitoring: config.monitoring,
          namespace: stack,
          routerImage: routerImageOf(config.images),
          signers: config.signers,
        }),
      })),
    )
  : [];

const clusterAccess = cluster.access;

/**
 * The access with which another stack shares the cluster, by `cluster.kind: stack`.
 *
 * `{kubeconfig, context, identifier, kubectl, getCredentials, snapshotDriver, storage, podCidrs}`
 */
export { clusterAccess as cluster };
// In a stack that only makes a cluster these are null or empty.
/** The endpoints that signers dial, one for each replica of the forwarder: `{host, port, alternatePorts, user}`. */
export const signerEndpoints = forwarder?.endpoints ?? [];
/** The lines for a signer host's known_hosts file: the host key's, and the next one's. */
export const knownHosts = forwarder?.knownHosts ?? null;
/** The host key's fingerprint, as `ssh-keygen -l` prints it. */
export const hostKeyFingerprint = forwarder?.hostKeyFingerprint ?? null;
/**
 * The signers by name.
 *
 * `{url, port, sshPort, sshCommand, sshPublicKeys, answerSeconds, device, mains?, ups?, uplinks?, keys, authorizedKeys}`
 */
export const signers = forwarder?.signers ?? {};
/** The bakers by name: `{keys, delegates, authenticationKey?, logsCommand}`. */
export const bakers = Object.fromEntries(
  allBakers.map(({ name, component: { authenticationKey, delegates, keys, logsCommand } }) => [
    name,
    { keys, delegates, ...(config.authenticationSeed && { authenticationKey }), logsCommand },
  ]),
);
/** The bakers outside of the stack by name: `{router, authenticationKey?}`. `router` is the content of `router.json`. */
export const outsideBakers = Object.fromEntries(
  config.outsideBakers.map((baker) => [
    baker.name,
    outsideBakerOutput(baker, config.signers, forwarder?.replicas ?? []),
  ]),
);
