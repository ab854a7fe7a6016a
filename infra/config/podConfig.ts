import { z } from "zod";
import { matching, objectOf } from "./configFields.ts";

const quantity = matching(
  /^\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/,
  "a Kubernetes quantity as a text, such as '4' or 16Gi",
);
const quantities = z.strictObject({ cpu: quantity.optional(), memory: quantity.optional() }, objectOf);
const resources = z.strictObject({ requests: quantities.optional(), limits: quantities.optional() }, objectOf);

/** The resources of a baker's containers. What is not given is the chart's. */
export const resourcesSchema = z.strictObject(
  {
    node: resources.optional(),
    dalNode: resources.optional(),
    baker: resources.optional(),
    accuser: resources.optional(),
  },
  objectOf,
);

const named = z.record(z.string(), z.unknown(), "an object of Kubernetes, with a name").superRefine(({ name }, ctx) => {
  if (typeof name !== "string" || name === "") ctx.addIssue({ code: "custom", path: ["name"], message: "a name" });
});

/** What a user adds to a baker's pod. Kubernetes checks it. */
export const podAdditions = {
  extraContainers: z.array(named, "a list of containers").optional(),
  extraVolumes: z.array(named, "a list of volumes").optional(),
  podAnnotations: z.record(z.string(), z.string("a text"), "an object of texts").optional(),
};
