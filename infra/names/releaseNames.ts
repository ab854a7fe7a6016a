/** The Helm release of a baker. It names its objects and selects its pod. */
export function bakerRelease(baker: string): string {
  return `baker-${baker}`;
}
