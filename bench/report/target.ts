/** One target, and a run's value for it. */
export type Target = { readonly what: string; readonly measured: string; readonly met: boolean };
