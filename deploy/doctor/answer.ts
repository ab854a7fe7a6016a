/** The answer to a question, or why there is none. */
export type Answer<T> = { readonly value: T } | { readonly error: string };

/** The value of an answer, if there is one. */
export function valueIn<T>(answer: Answer<T> | undefined): T | undefined {
  return answer && "value" in answer ? answer.value : undefined;
}

/** Why an answer is missing. */
export function errorIn(answer: Answer<unknown> | undefined): string {
  return answer && "error" in answer ? answer.error : "it was not asked";
}
