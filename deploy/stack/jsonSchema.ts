/** A JSON Schema, with the keywords that the charts use. */
export type JsonSchema = { readonly [keyword: string]: unknown };

type Check = (schema: never, value: never, root: JsonSchema, whole: JsonSchema) => boolean;

const typeOf = (value: unknown) =>
  value === null ? "null" : Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : typeof value;

const isObject = (value: unknown) => typeOf(value) === "object";

const checks: Readonly<Record<string, Check>> = {
  $ref: (ref: string, value, root) => isValid(at(root, ref), value, root),
  type: (type: string | string[], value) =>
    [type].flat().some((one) => one === typeOf(value) || (one === "number" && typeof value === "number")),
  enum: (values: unknown[], value) => values.includes(value),
  const: (wanted, value) => wanted === value,
  not: (schema: JsonSchema, value, root) => !isValid(schema, value, root),
  anyOf: (schemas: JsonSchema[], value, root) => schemas.some((schema) => isValid(schema, value, root)),
  if: (schema: JsonSchema, value, root, whole) => {
    const branch = (isValid(schema, value, root) ? whole.then : whole.else) as JsonSchema | undefined;
    return branch === undefined || isValid(branch, value, root);
  },
  pattern: (pattern: string, value) => typeof value !== "string" || new RegExp(pattern, "u").test(value),
  minLength: (least: number, value) => typeof value !== "string" || [...(value as string)].length >= least,
  maxLength: (most: number, value) => typeof value !== "string" || [...(value as string)].length <= most,
  minimum: (least: number, value) => typeof value !== "number" || value >= least,
  maximum: (most: number, value) => typeof value !== "number" || value <= most,
  items: (schema: JsonSchema, value: unknown[], root) =>
    !Array.isArray(value) || value.every((entry) => isValid(schema, entry, root)),
  minItems: (least: number, value: unknown[]) => !Array.isArray(value) || value.length >= least,
  maxItems: (most: number, value: unknown[]) => !Array.isArray(value) || value.length <= most,
  uniqueItems: (_, value: unknown[]) =>
    !Array.isArray(value) || new Set(value.map((entry) => JSON.stringify(entry))).size === value.length,
  required: (keys: string[], value) => !isObject(value) || keys.every((key) => key in value),
  maxProperties: (most: number, value) => !isObject(value) || Object.keys(value).length <= most,
  propertyNames: (schema: JsonSchema, value, root) =>
    !isObject(value) || Object.keys(value).every((key) => isValid(schema, key, root)),
  properties: (schemas: Record<string, JsonSchema>, value: Record<string, unknown>, root) =>
    !isObject(value) ||
    Object.entries(schemas).every(([key, one]) => !(key in value) || isValid(one, value[key], root)),
  additionalProperties: (rest: boolean | JsonSchema, value: Record<string, unknown>, root, whole) => {
    const known = Object.keys((whole.properties as JsonSchema | undefined) ?? {});
    const others = isObject(value) ? Object.keys(value).filter((key) => !known.includes(key)) : [];
    return typeof rest === "boolean"
      ? rest || others.length === 0
      : others.every((key) => isValid(rest, value[key], root));
  },
};

const silent = ["$schema", "definitions", "description", "then", "else"];

/** Whether a value matches a schema, whose `$ref`s start at `root`. Throws for an unknown keyword. */
export function isValid(schema: JsonSchema, value: unknown, root: JsonSchema = schema): boolean {
  return Object.entries(schema).every(([keyword, wanted]) => {
    const check = checks[keyword];
    if (!check && !silent.includes(keyword)) throw new Error(`unknown keyword ${keyword}`);
    return !check || check(wanted as never, value as never, root, schema);
  });
}

/** The part of a schema that a `$ref` names. */
export function at(root: JsonSchema, ref: string): JsonSchema {
  return ref
    .split("/")
    .slice(1)
    .reduce<JsonSchema>((schema, key) => schema[key] as JsonSchema, root);
}
