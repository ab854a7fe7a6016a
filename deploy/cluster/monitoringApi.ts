import type { Manifest } from "../stack/manifest.ts";
import type { Kubectl } from "./kubectl.ts";

/** Throws if the objects include a monitor or rules for Prometheus of a kind that the cluster does not know. */
export async function requireMonitoringApi(kubectl: Kubectl, objects: readonly Manifest[]): Promise<void> {
  for (const { apiVersion, kind } of objects) {
    const [group = ""] = apiVersion.split("/");
    if (!group.startsWith("monitoring.")) continue;
    const known = await kubectl(["api-resources", `--api-group=${group}`, "--output=name"]);
    // Google's kind Rules is its own plural.
    const plural = kind.toLowerCase().replace(/s?$/, "s");
    if (known.split("\n").includes(`${plural}.${group}`)) continue;
    const [key, other] = /Rule/.test(kind) ? ["alerts", "false"] : ["kind", "another kind"];
    throw new Error(
      `monitoring.${key}: found a cluster that knows no ${kind} (${group}), wanted one that has its operator, or ${other}; nothing was changed`,
    );
  }
}
