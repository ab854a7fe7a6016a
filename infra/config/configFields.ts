import { z } from "zod";
import { isSubdomain } from "../names/kubernetesNames.ts";

/** What several parts of the config's schema are made of. */

export const objectOf = "an object with the keys of the config reference";

/** A text that is not empty; `wanted` says in a problem what it is. */
export function nonEmpty(wanted: string) {
  return z.string(wanted).min(1, wanted);
}

/** A text in which `problem` finds nothing wrong; `wanted` says in a problem what it is, where it is no text. */
export function checked(problem: (text: string) => string | undefined, wanted: string) {
  return z.string(wanted).superRefine((text, ctx) => {
    const message = problem(text);
    if (message) ctx.addIssue({ code: "custom", message });
  });
}

/** A text of one form. */
export function matching(pattern: RegExp, wanted: string) {
  return z.string(wanted).regex(pattern, wanted);
}

/** The name of an object of Kubernetes, of a kind whose names are DNS subdomains. */
export function objectName(of: string) {
  const wanted = `the name of a ${of} (a-z, 0-9, inner hyphens and dots) of at most 253 characters`;
  return z.string(wanted).refine(isSubdomain, wanted);
}

/** An http or https URL. */
export function webUrl(wanted: string) {
  return z.string(wanted).refine(isWebUrl, wanted);
}

/** Whether it is an http or https URL, in the characters that a URL is written in. */
export function isWebUrl(text: string): boolean {
  return /^https?:\/\/[\x21-\x7e]+$/.test(text) && URL.canParse(text);
}

/** A DNS label of Kubernetes that starts with a letter. */
export function label(longest: number) {
  const wanted = `a DNS label (a-z, 0-9 and inner hyphens, starts with a letter) of at most ${longest} characters`;
  return matching(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, wanted).max(longest, wanted);
}

/** A whole number within bounds, both included. */
export function intFrom(least: number, most: number, wanted = `a whole number from ${least} to ${most}`) {
  return z.int(wanted).min(least, wanted).max(most, wanted);
}

/** The id of a project of Google's cloud: 6 to 30 characters (https://cloud.google.com/resource-manager/docs/creating-managing-projects). */
export const googleProject = matching(
  /^[a-z][-a-z0-9]{4,28}[a-z0-9]$/,
  "the id of a project of Google's cloud (6 to 30 of a-z, 0-9 and inner hyphens), not its name or number",
);

/** A region of Google's cloud. */
export const googleRegion = matching(/^[a-z]+-[a-z]+\d+$/, "a region of Google's cloud, such as europe-west1");

/** The name of a resource of Google's cloud: RFC 1035 (https://cloud.google.com/compute/docs/naming-resources). */
export const googleName = label(63);
