/** The Helm release of a baker: the name of its objects, and what its pod is selected by. */
export function bakerRelease(baker: string): string {
  return `baker-${baker}`;
}
