import { NOT_RESOLVED } from "js-yaml";

/**
 * Reads a scalar as a whole number, as yaml.v3 and sigs.k8s.io/yaml do.
 *
 * Underscores and Go's prefixes are allowed, and `0440` is octal.
 */
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

/** Reads a scalar as a number with a fraction or an exponent, as yaml.v3 and sigs.k8s.io/yaml do. */
export function fraction(source: string): number | typeof NOT_RESOLVED {
  const plain = plainNumber(source);
  const value = /^[-+]?(\.\d+|\d+(\.\d*)?)(e[-+]?\d+)?$/.test(plain) ? Number.parseFloat(plain) : Number.NaN;
  return Number.isFinite(value) ? value : NOT_RESOLVED;
}

/** Removes underscores. They are allowed anywhere in a number, except in one that starts with a dot. */
function plainNumber(source: string): string {
  return (/^[-+\d]/.test(source) ? source.replaceAll("_", "") : source).toLowerCase();
}
