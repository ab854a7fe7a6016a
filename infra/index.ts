import * as pulumi from "@pulumi/pulumi";
import { Baker } from "./baker.ts";
import { makeCluster } from "./cluster.ts";
import { loadConfig } from "./config.ts";
import { SignerForwarder } from "./signerForwarder.ts";

const { bakers: bakerConfigs, cluster: clusterConfig, images, ...config } = loadConfig();
const namespace = pulumi.getStack();

const cluster = makeCluster("cluster", clusterConfig);

const forwarder = new SignerForwarder("forwarder", {
  ...config,
  cluster,
  namespace,
  image: images.signerForwarder,
});

const allBakers = bakerConfigs.map((baker) => ({
  name: baker.name,
  component: new Baker(`baker-${baker.name}`, {
    baker,
    cluster,
    forwarder,
    namespace,
    image: images.octez,
    signerUrls: forwarder.signerUrls,
  }),
}));

/** What signers dial: `{host, port, user}`. */
export const signerEndpoint = forwarder.endpoint;
/** The lines for a signer host's known_hosts file: the host key's, and the next one's. */
export const knownHosts = forwarder.knownHosts;
/** The host key's fingerprint, as `ssh-keygen -l` prints it. */
export const hostKeyFingerprint = forwarder.hostKeyFingerprint;
/** By name: `{url, port, sshPort, sshCommand}`. */
export const signers = forwarder.signers;
/** By name: `{keys, logsCommand}`. */
export const bakers = Object.fromEntries(
  allBakers.map(({ name, component: { keys, logsCommand } }) => [name, { keys, logsCommand }]),
);
