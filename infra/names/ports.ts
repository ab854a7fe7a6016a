/** How far the port of a signer's own ssh is above its signing port. The chart computes it too (templates/configmap.yaml). */
const sshPortOffset = 1000;

/** The highest port that a signer can have, so that the port of its ssh is a port as well. */
export const highestSignerPort = 65535 - sshPortOffset;

/** The port of a signer's own ssh, as the forwarder sees it. */
export function sshPortOf(port: number): number {
  return port + sshPortOffset;
}

/** Ports of the forwarder pod that no signer may have, neither as its port nor for its ssh, and what uses them. */
export const reservedPorts: Readonly<Record<number, string>> = {
  2222: "sshd",
  8404: "the gateway's health",
  8405: "the listener's metrics",
};
