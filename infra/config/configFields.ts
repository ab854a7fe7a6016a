import { z } from "zod";
import { isSubdomain } from "../names/kubernetesNames.ts";

/** Fields that several parts of the config's schema use. */

export const objectOf = "an object with the keys of the config reference";

/** A text that is not empty. A problem describes it as `wanted`. */
export function nonEmpty(wanted: string) {
  return z.string(wanted).min(1, wanted);
}

/** A text in which `problem` finds nothing wrong. For a value that is not a text, the problem says `wanted`. */
export function checked(problem: (text: string) => string | undefined, wanted: string) {
  return z.string(wanted).superRefine((text, ctx) => {
    const message = problem(text);
    if (message) ctx.addIssue({ code: "custom", message });
  });
}

/** A text that matches a pattern. */
export function matching(pattern: RegExp, wanted: string) {
  return z.string(wanted).regex(pattern, wanted);
}

/** The name of a Kubernetes object of a kind whose names are DNS subdomains. */
export function objectName(of: string) {
  const wanted = `the name of a ${of} (a-z, 0-9, inner hyphens and dots) of at most 253 characters`;
  return z.string(wanted).refine(isSubdomain, wanted);
}

/** An http or https URL. */
export function webUrl(wanted: string) {
  return z.string(wanted).refine(isWebUrl, wanted);
}

/** Whether it is an http or https URL that has only characters allowed in URLs. */
export function isWebUrl(text: string): boolean {
  return /^https?:\/\/[\x21-\x7e]+$/.test(text) && URL.canParse(text);
}

/** A Kubernetes DNS label that starts with a letter. */
export function label(longest: number) {
  const wanted = `a DNS label (a-z, 0-9 and inner hyphens, starts with a letter) of at most ${longest} characters`;
  return matching(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, wanted).max(longest, wanted);
}

/** A whole number within bounds, both included. */
export function intFrom(least: number, most: number, wanted = `a whole number from ${least} to ${most}`) {
  return z.int(wanted).min(least, wanted).max(most, wanted);
}

/** A TCP port. */
export const port = intFrom(1, 65535, "a port from 1 to 65535");

/** The lowest and the highest port of every node: Kubernetes' own range. */
export const nodePorts = [30000, 32767] as const;

/** A port of every node. */
export const nodePort = intFrom(...nodePorts, `a node port from ${nodePorts.join(" to ")}`);

/**
 * The id of a project of Google's cloud: 6 to 30 characters.
 *
 * https://cloud.google.com/resource-manager/docs/creating-managing-projects
 */
export const googleProject = matching(
  /^[a-z][-a-z0-9]{4,28}[a-z0-9]$/,
  "the id of a project of Google's cloud (6 to 30 of a-z, 0-9 and inner hyphens), not its name or number",
);

/** A region of Google's cloud. */
export const googleRegion = matching(/^[a-z]+-[a-z]+\d+$/, "a region of Google's cloud, such as europe-west1");

/** The name of a resource of Google's cloud: RFC 1035 (https://cloud.google.com/compute/docs/naming-resources). */
export const googleName = label(63);
