/** The folder for everything of this project that outlives a command and is not in the checkout. */
export const stateFolder = "/var/lib/remote-signer-cloud";

/** The folder for what the running processes need; it is empty after a boot. */
export const runFolder = "/run/remote-signer-cloud";

/** Receives one line for each step that takes more than about a second, before the step. */
export type Progress = (line: string) => void;
