const time =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:[Tt](\d\d?:\d\d?:\d\d?(?:\.\d+)?)(Z|[-+]\d\d:\d\d)| +(\d\d?:\d\d?:\d\d?(?:\.\d+)?))?$/;
const daysOfMonths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Prints a date or time of a YAML file as Go does, because the pulumi CLI passes it to a program in that form.
 *
 * Undefined for a text that yaml.v3 does not read as a time.
 */
export function printGoTime(text: string): string | undefined {
  const [, year, month, day, withZone, zone = "Z", plain] = time.exec(text) ?? [];
  const [y, mo, d] = [Number(year), Number(month), Number(day)];
  const isLeap = (y % 4 === 0 && y % 100 !== 0) || y % 400 === 0;
  const most = mo === 2 && isLeap ? 29 : (daysOfMonths[mo - 1] ?? 0);
  if (year === undefined || d < 1 || d > most) return undefined;
  const [clock = "", fraction = ""] = (withZone ?? plain ?? "0:0:0").split(".");
  const [h, mi, s] = clock.split(":").map(Number) as [number, number, number];
  const offset = /^(?:Z|[-+]00:00)$/.test(zone) ? "+0000 UTC" : `${zone.replace(":", "")} ${zone.replace(":", "")}`;
  if (h > 23 || mi > 59 || s > 59 || (zone !== "Z" && Number(zone.slice(1, 3)) > 24)) return undefined;
  const two = (value: number) => String(value).padStart(2, "0");
  const rest = fraction.slice(0, 9).replace(/0+$/, "");
  return `${year}-${two(mo)}-${two(d)} ${two(h)}:${two(mi)}:${two(s)}${rest && `.${rest}`} ${offset}`;
}
