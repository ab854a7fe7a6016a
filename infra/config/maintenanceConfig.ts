import { z } from "zod";
import { intFrom, label, matching, objectOf } from "./configFields.ts";

const days = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"] as const;
const wantedWindow =
  "12 hours a week or more in all, because GKE wants 48 hours in any 32 days: more days or more hours";

/** When GKE may upgrade. The default hours are ones at which people in Europe are awake. */
export const maintenanceWindow = z
  .strictObject(
    {
      days: z
        .array(z.enum(days, `a day: ${days.join(", ")}`), "a list of days")
        .min(1, "at least one day")
        .default(["TU", "WE", "TH"]),
      start: matching(/^([01]\d|2[0-3]):[0-5]\d$/, "a time of day in UTC, HH:MM").default("08:00"),
      hours: intFrom(4, 24, "4 to 24 hours: GKE takes no shorter window").default(6),
    },
    objectOf,
  )
  .refine(({ days, hours }) => new Set(days).size * hours >= 12, wantedWindow)
  .prefault({});

const wantedTime = "a time in UTC as a text in quotes, such as '2026-12-20T00:00:00Z'";
// Google stores a time in this form. Any other would look like a change in each preview.
const time = z.string(wantedTime).refine(
  (text) => {
    const date = new Date(text);
    return !Number.isNaN(date.getTime()) && date.toISOString().replace(".000Z", "Z") === text;
  },
  { error: wantedTime, abort: true },
);

const scopes = ["NO_UPGRADES", "NO_MINOR_UPGRADES", "NO_MINOR_OR_NODE_UPGRADES"] as const;
const longestMs = 30 * 24 * 3600_000;

/** A time in which GKE does not upgrade, although the window is open. */
const exclusion = z
  .strictObject(
    {
      name: label(63),
      start: time,
      end: time,
      scope: z.enum(scopes, scopes.join(", ")).default("NO_MINOR_OR_NODE_UPGRADES"),
    },
    objectOf,
  )
  .superRefine(({ end, scope, start }, ctx) => {
    const length = Date.parse(end) - Date.parse(start);
    const issue = (message: string) => ctx.addIssue({ code: "custom", path: ["end"], message });
    if (length <= 0) issue(`a time after the start, ${start}`);
    else if (scope === "NO_UPGRADES" && length > longestMs)
      issue("30 days after the start at most: GKE holds all upgrades for no longer. Another scope may be longer");
  });

const most = 20;
const mostOfAll = 3;

/**
 * The times in which GKE does not upgrade.
 *
 * https://docs.cloud.google.com/kubernetes-engine/docs/concepts/maintenance-windows-and-exclusions
 */
export const maintenanceExclusions = z
  .array(exclusion, "a list of exclusions")
  .max(most, `at most ${most} exclusions: GKE takes no more`)
  .superRefine((exclusions, ctx) => {
    const issue = (i: number, key: string, message: string) =>
      ctx.addIssue({ code: "custom", path: [i, key], message });
    let ofAll = 0;
    exclusions.forEach(({ name, scope }, i) => {
      if (exclusions.findIndex((other) => other.name === name) !== i)
        issue(i, "name", "another than the exclusions before it");
      if (scope === "NO_UPGRADES" && ++ofAll > mostOfAll)
        issue(i, "scope", `another scope: GKE takes at most ${mostOfAll} exclusions of all upgrades`);
    });
  })
  .optional();
