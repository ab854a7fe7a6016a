/** The folder for all of this project's files that outlive a command and are not in the checkout. */
export const stateFolder = "/var/lib/remote-signer-cloud";

/** The folder for the files that running processes need. It is empty after a boot. */
export const runFolder = "/run/remote-signer-cloud";

/** Receives one line for each step that takes more than about a second, before the step. */
export type Progress = (line: string) => void;
