import { z } from "zod";
import { checked, matching, objectOf } from "./configFields.ts";

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const part = "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*";
/** `[registry[:port]/]path`, as container runtimes read it. */
const repository = new RegExp(`^(${label}(\\.${label})*(:[0-9]{1,5})?/)?${part}(/${part})*$`);

/** What is wrong with the text as an image's name without a tag, or undefined. */
export function problemOfRepository(text: string): string | undefined {
  if (repository.test(text) && text.length <= 255) return undefined;
  const example = "an image's repository, such as registry.example.org/signer-forwarder";
  if (text.includes("://")) return `${example}, without a protocol in front of it`;
  if (text.includes("@")) return `${example}, without its digest, which has a key of its own`;
  if (/:[^/]*$/.test(text)) return `${example}, without its tag, which has a key of its own`;
  return /[A-Z]/.test(text) ? `${example}, in lower case` : example;
}

/** An image that replaces a chart's own. */
export const imageSchema = z
  .strictObject(
    {
      repository: checked(problemOfRepository, "an image's repository").optional(),
      tag: matching(
        /^(?!latest$)[\w][\w.-]{0,127}$/,
        "an image's tag that stays what it is (so not latest)",
      ).optional(),
      digest: matching(/^sha256:[0-9a-f]{64}$/, "sha256: and 64 of 0-9 and a-f, as registries show it").optional(),
    },
    objectOf,
  )
  .optional();

type Image = z.output<typeof imageSchema>;

/**
 * The image of the bakers' routers, if it is not the chart's: the forwarder's, unless it is told apart. Then a new image
 * of the forwarder starts no baker anew.
 */
export function routerImageOf({ router, signerForwarder }: { router?: Image; signerForwarder?: Image }): Image {
  if (!router) return signerForwarder;
  return { ...(signerForwarder?.repository && { repository: signerForwarder.repository }), ...router };
}
