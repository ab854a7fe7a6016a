/** A sample of a page of metrics. */
export type Sample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?[ \t]+(\S+)(?:[ \t]+-?\d+)?$/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;
const escapes: Readonly<Record<string, string>> = { n: "\n", '"': '"', "\\": "\\" };

/**
 * Reads a page in Prometheus's text format, version 0.0.4, without its comments and times.
 *
 * Throws an Error with the number of the first line that is neither a comment nor a sample. A page of a signer's host is
 * somebody else's text: it is not quoted.
 */
export function parseExposition(text: string): Sample[] {
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "" || line.startsWith("#")) return [];
    const sample = readSample(line);
    if (!sample) throw new Error(`line ${index + 1}: found no sample of a metric, wanted Prometheus's text format`);
    return [sample];
  });
}

function readSample(line: string): Sample | undefined {
  const [, name, labelText = "", valueText] = sampleLine.exec(line.trimEnd()) ?? [];
  if (name === undefined || valueText === undefined) return undefined;
  const labels = readLabels(labelText);
  const value = readValue(valueText);
  return labels && value !== undefined ? { name, labels, value } : undefined;
}

function readLabels(text: string): Record<string, string> | undefined {
  const labels: [string, string][] = [];
  label.lastIndex = 0;
  while (label.lastIndex < text.length) {
    const [, name, value] = label.exec(text) ?? [];
    // A regular expression that does not match begins anew at 0.
    if (name === undefined || value === undefined) return undefined;
    labels.push([name, value.replace(/\\(.)/g, (_, escaped: string) => escapes[escaped] as string)]);
  }
  return Object.fromEntries(labels);
}

function readValue(text: string): number | undefined {
  if (text === "NaN") return Number.NaN;
  const [, sign = "", isInfinite] = /^([+-]?)(Inf)$/.exec(text) ?? [];
  if (isInfinite) return sign === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

/** The samples of a metric that have these labels, among others. */
export function samplesOf(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Sample[] {
  const wanted = Object.entries(labels);
  return samples.filter(
    (sample) => sample.name === name && wanted.every(([label, value]) => sample.labels[label] === value),
  );
}

/** The value of the first sample of a metric that has these labels. */
export function sampleValue(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  return samplesOf(samples, name, labels)[0]?.value;
}

/**
 * The samples of several processes as if they were one: counters and histograms are added up, and of a gauge the highest
 * value counts.
 */
export function addUp(pages: readonly (readonly Sample[])[]): Sample[] {
  const sums = new Map<string, Sample>();
  for (const sample of pages.flat()) {
    const id = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
    const before = sums.get(id);
    const isCounter = /_(?:total|bucket|sum|count)$/.test(sample.name);
    const value = before
      ? isCounter
        ? before.value + sample.value
        : Math.max(before.value, sample.value)
      : sample.value;
    sums.set(id, { ...sample, value });
  }
  return [...sums.values()];
}
