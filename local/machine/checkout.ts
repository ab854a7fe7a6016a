import { resolve } from "node:path";

/** The folder of this checkout. Every command runs in it, as Pulumi's programs do. */
export const root = resolve(import.meta.dirname, "../..");
