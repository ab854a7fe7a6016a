/** From a signer's port to the port of its ssh. The forwarder adds it too (its internal/config). */
const sshPortOffset = 1000;

/** The highest port that a signer can have, so that the port of its ssh is valid too. */
export const highestSignerPort = 65535 - sshPortOffset;

/** The port of a signer's own ssh, as the forwarder sees it. */
export function sshPortOf(port: number): number {
  return port + sshPortOffset;
}

/** Ports that a baker pod uses, and for what. No signer's port may be one of them, because its router listens at that. */
export const bakerPorts: Readonly<Record<number, string>> = {
  8441: "the router's health and metrics",
  8732: "octez-node's RPC",
  9732: "octez-node's P2P port",
  9932: "octez-node's metrics",
  10732: "octez-dal-node's RPC",
  11732: "octez-dal-node's P2P port",
  11733: "octez-dal-node's metrics",
};

/** Ports that the forwarder pod uses, and for what. Neither a signer's port nor that of its ssh may be one of them. */
export const reservedPorts: Readonly<Record<number, string>> = {
  2222: "sshd",
  8404: "the forwarder's health and metrics",
};
