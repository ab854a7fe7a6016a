/** From a signer's port to the port of its ssh. The forwarder adds it too (its internal/config). */
const sshPortOffset = 1000;

/** The highest port that a signer can have, so that the port of its ssh is valid too. */
export const highestSignerPort = 65535 - sshPortOffset;

/** The port of a signer's own ssh, as the forwarder sees it. */
export function sshPortOf(port: number): number {
  return port + sshPortOffset;
}

/** Ports that the forwarder pod uses, and for what. Neither a signer's port nor that of its ssh may be one of them. */
export const reservedPorts: Readonly<Record<number, string>> = {
  2222: "sshd",
  8404: "the forwarder's health and metrics",
};
