import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { problemOfSchedule } from "./cronSchedule.ts";

// The verdict of robfig/cron v3.0.1, with which Kubernetes checks and runs CronJobs, on each.
const taken = [
  "* * * * *",
  "17 3 * * *",
  "0 0 29 2 *",
  "0 0 31 2 1",
  "0 0 31 2 */2",
  "0 0 31 2 0/1",
  "0 0 30-31 2 0-6",
  "0 0 */31 2 *",
  "5/15 * * * *",
  "*/99 * * * *",
  "*/1,5 * * * *",
  "1,2,30-40/3 * * * *",
  "00 007 * * *",
  "* * * jan-Mar MON",
  "* * * * sun-sat",
  "* * * * mon/2",
  "? ? ? ? ?",
];
for (const schedule of taken)
  test(`${schedule} is a schedule`, () => assert.equal(problemOfSchedule(schedule), undefined));

describe("what a CronJob can't have is refused", () => {
  const cases: [string, RegExp][] = [
    ["99 * * * *", /minute numbers from 0 to 59/],
    ["60 * * * *", /minute/],
    ["* 24 * * *", /hour numbers from 0 to 23/],
    ["* * 0 * *", /day of the month numbers from 1 to 31/],
    ["* * 32 * *", /day of the month/],
    ["* * * 0 *", /month numbers from 1 to 12 or JAN to DEC/],
    ["* * * 13 *", /month/],
    ["* * * * 7", /day of the week numbers from 0 to 6 or SUN to SAT/],
    ["* * * * sunday", /day of the week/],
    ["* * * mon *", /as its month/],
    ["jan * * * *", /minute/],
    ["5-1 * * * *", /minute/],
    ["1-99 * * * *", /minute/],
    ["*/0 * * * *", /minute/],
    ["1/2/3 * * * *", /minute/],
    ["1-2-3 * * * *", /minute/],
    ["-1 * * * *", /minute/],
    ["a * * * *", /minute/],
    ["1.5 * * * *", /minute/],
    ["@daily", /five fields/],
    ["@every 1h", /five fields/],
    ["* * * *", /five fields/],
    ["0 * * * * *", /five fields/],
    ["TZ=UTC 0 0 * * *", /five fields/],
    ["CRON_TZ=UTC 0 0 * *", /minute/],
    [" 0 0 * * *", /five fields/],
    ["", /five fields/],
  ];
  for (const [schedule, wanted] of cases) test(schedule, () => assert.match(problemOfSchedule(schedule) ?? "", wanted));
});

describe("what the parser takes and nobody means is refused", () => {
  const cases: [string, RegExp][] = [
    ["0 0 31 2 *", /a day that comes/],
    ["0 0 31 2 ?", /a day that comes/],
    ["0 0 31 2 */1", /a day that comes/],
    ["0 0 31 4,6 *", /a day that comes/],
    ["0 0 30/1 2 *", /a day that comes/],
    ["0 0 30 2 *,1", /a day that comes/],
    [", * * * *", /minute/],
    ["1,,2 * * * *", /minute/],
    ["*-5 * * * *", /minute/],
    ["+5 * * * *", /minute/],
  ];
  for (const [schedule, wanted] of cases) test(schedule, () => assert.match(problemOfSchedule(schedule) ?? "", wanted));
});
