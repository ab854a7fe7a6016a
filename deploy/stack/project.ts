/** The project's name, as in Pulumi.yaml. */
export const project = "remote-signer-cloud";
