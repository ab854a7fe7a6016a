import { NOT_RESOLVED } from "js-yaml";

/** A whole number as yaml.v3 and sigs.k8s.io/yaml take a scalar for one: with underscores and the prefixes of Go, `0440` is octal. */
export function wholeNumber(source: string): number | typeof NOT_RESOLVED {
  const [, sign, prefix = "", digits = ""] = /^([-+]?)(0[box]|0(?=\d))?([\da-f]+)$/.exec(plainNumber(source)) ?? [];
  const base = bases[prefix.slice(0, 2)] as number;
  const value = [...digits].every((digit) => Number.parseInt(digit, 16) < base)
    ? Number.parseInt(digits, base)
    : Number.NaN;
  if (Number.isNaN(value)) return NOT_RESOLVED;
  return sign === "-" ? -value : value;
}

const bases: Record<string, number> = { "": 10, "0": 8, "0b": 2, "0o": 8, "0x": 16 };

/** A number with a fraction or an exponent, as yaml.v3 and sigs.k8s.io/yaml take a scalar for one. */
export function fraction(source: string): number | typeof NOT_RESOLVED {
  const plain = plainNumber(source);
  const value = /^[-+]?(\.\d+|\d+(\.\d*)?)(e[-+]?\d+)?$/.test(plain) ? Number.parseFloat(plain) : Number.NaN;
  return Number.isFinite(value) ? value : NOT_RESOLVED;
}

/** What starts as a number may have underscores anywhere; one that starts with a dot has none. */
function plainNumber(source: string): string {
  return (/^[-+\d]/.test(source) ? source.replaceAll("_", "") : source).toLowerCase();
}
