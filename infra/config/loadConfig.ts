import * as pulumi from "@pulumi/pulumi";
import { parseConfig, type StackConfig } from "./config.ts";

/** The SDK's check whether a config key's value is encrypted. The SDK has it in its code but not in its types. */
const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret(key: string): boolean };

/** Reads and checks the config of the stack in deployment. */
export function loadConfig(): StackConfig {
  const prefix = `${pulumi.getProject()}:`;
  const all = Object.entries(pulumi.runtime.allConfig());
  return parseConfig(
    pulumi.getStack(),
    Object.fromEntries(all.map(([key, value]) => [key.startsWith(prefix) ? key.slice(prefix.length) : key, value])),
    (key) => isConfigSecret(prefix + key),
  );
}
