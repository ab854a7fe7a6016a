import * as pulumi from "@pulumi/pulumi";
import { parseConfig, type StackConfig } from "./config.ts";

/** Of the SDK: whether a config key's value is encrypted. It is in the SDK's code and not in its types. */
const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret(key: string): boolean };

/** Reads and checks the config of the stack that is being deployed. */
export function loadConfig(): StackConfig {
  const prefix = `${pulumi.getProject()}:`;
  const all = Object.entries(pulumi.runtime.allConfig());
  return parseConfig(
    pulumi.getStack(),
    Object.fromEntries(all.map(([key, value]) => [key.startsWith(prefix) ? key.slice(prefix.length) : key, value])),
    (key) => isConfigSecret(prefix + key),
  );
}
