import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ensureImage, type Image } from "../../local/images/images.ts";
import { root } from "../../local/machine/checkout.ts";
import type { Progress } from "../../local/machine/paths.ts";
import { octezStandIn } from "../../octez-stand-in/standInImage.ts";
import { readChart } from "../stack/chart.ts";

/** The files that .dockerignore lets into the forwarder's image, from the root of the checkout. */
function forwarderSources(): string[] {
  const lines = readFileSync(join(root, ".dockerignore"), "utf8").split("\n");
  const taken = lines.filter((line) => line.startsWith("!")).map((line) => line.slice(1));
  const entries = taken.flatMap((path) =>
    statSync(join(root, path)).isDirectory() ? readdirSync(join(root, path)).map((name) => `${path}/${name}`) : [path],
  );
  return entries.filter((path) => !lines.includes(path));
}

/** Builds the forwarder's image, under the name that its chart uses. */
export function forwarderImage(progress: Progress): Promise<Image> {
  const { repository, appVersion } = readChart("signer-forwarder");
  const files = Object.fromEntries(forwarderSources().map((path) => [path, join(root, path)]));
  return ensureImage({ dockerfile: "signer-forwarder/Dockerfile", files }, `${repository}:${appVersion}`, progress);
}

/** Builds the stand-in for the Octez image, which a machine without registries can't fetch. */
export function octezStandInImage(progress: Progress): Promise<Image> {
  const { folder, extra, tag } = octezStandIn;
  const sources = Object.entries(extra).map(([path, source]) => [path, join(root, source)]);
  const files = { ".": join(root, folder), ...Object.fromEntries(sources) };
  return ensureImage({ dockerfile: "Dockerfile", files }, tag, progress);
}
