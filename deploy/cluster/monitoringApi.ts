import type { Manifest } from "../stack/manifest.ts";
import type { Kubectl } from "./kubectl.ts";

/** Throws if the objects include a monitor for Prometheus of a kind that the cluster does not know. */
export async function requireMonitoringApi(kubectl: Kubectl, objects: readonly Manifest[]): Promise<void> {
  for (const { apiVersion, kind } of objects) {
    const [group = ""] = apiVersion.split("/");
    if (!group.startsWith("monitoring.")) continue;
    const known = await kubectl(["api-resources", `--api-group=${group}`, "--output=name"]);
    if (known.split("\n").includes(`${kind.toLowerCase()}s.${group}`)) continue;
    throw new Error(
      `monitoring.kind: found a cluster that knows no ${kind} (${group}), wanted one that has its operator, or another kind; nothing was changed`,
    );
  }
}
