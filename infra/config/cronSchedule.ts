type Field = {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly words: readonly string[];
};

/** The fields as Kubernetes' parser of CronJobs defines them (robfig/cron v3, standard). Sunday is 0, not 7. */
const fields: readonly Field[] = [
  { name: "minute", least: 0, most: 59, words: [] },
  { name: "hour", least: 0, most: 23, words: [] },
  { name: "day of the month", least: 1, most: 31, words: [] },
  { name: "month", least: 1, most: 12, words: "jan feb mar apr may jun jul aug sep oct nov dec".split(" ") },
  { name: "day of the week", least: 0, most: 6, words: "sun mon tue wed thu fri sat".split(" ") },
];

const daysOfMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * What is wrong with a CronJob's schedule, or undefined.
 *
 * The time zone is set elsewhere. `@daily` and the like are rejected.
 */
export function problemOfSchedule(text: string): string | undefined {
  const parts = text.split(" ");
  if (parts.length !== 5) return "the five fields of cron, such as 17 3 * * *";
  const sets = parts.map((part, i) => numbersOf(part, fields[i] as Field));
  const wrong = sets.indexOf(undefined);
  if (wrong >= 0) {
    const { name, least, most, words } = fields[wrong] as Field;
    const named = words.length > 0 ? ` or ${words[0]?.toUpperCase()} to ${words.at(-1)?.toUpperCase()}` : "";
    return `five fields of cron, and as its ${name} numbers from ${least} to ${most}${named}: *, 1, 1-5, */2, 1-9/2 or a list of these`;
  }
  const [, , days, months, weekdays] = sets as Numbers[];
  // If both kinds of day are restricted, either may match.
  const comes = [...(months as Numbers).values].some((month) =>
    [...(days as Numbers).values].some((day) => day <= (daysOfMonths[month - 1] as number)),
  );
  if (!comes && weekdays?.any) return "five fields of cron, and a day that comes in that month";
  return undefined;
}

type Numbers = {
  readonly values: ReadonlySet<number> /** Whether the field allows every value. */;
  readonly any: boolean;
};

function numbersOf(part: string, field: Field): Numbers | undefined {
  const ranges = part.split(",").map((range) => rangeOf(range, field));
  if (!ranges.every((range) => range !== undefined)) return undefined;
  return { values: new Set(ranges.flatMap(({ values }) => values)), any: ranges.some(({ any }) => any) };
}

function rangeOf(text: string, field: Field): { values: number[]; any: boolean } | undefined {
  const [, from = "", to, step] = /^(\*|\?|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(text) ?? [];
  const all = from === "*" || from === "?";
  const first = all ? field.least : numberOf(from, field);
  // A step after a single number starts at that number.
  const last = all || (to === undefined && step !== undefined) ? field.most : numberOf(to ?? from, field);
  const by = Number(step ?? 1);
  if ((all && to !== undefined) || first === undefined || last === undefined || first > last || by === 0)
    return undefined;
  const values: number[] = [];
  for (let value = first; value <= last; value += by) values.push(value);
  return { values, any: all && by === 1 };
}

function numberOf(text: string, { least, most, words }: Field): number | undefined {
  const word = words.indexOf(text.toLowerCase());
  const number = word >= 0 ? word + least : /^\d{1,9}$/.test(text) ? Number(text) : -1;
  return number >= least && number <= most ? number : undefined;
}
