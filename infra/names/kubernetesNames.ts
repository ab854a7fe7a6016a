const name = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Whether Kubernetes accepts it as an object's name, for kinds whose names are DNS subdomains. */
export function isSubdomain(text: string): boolean {
  return text.length <= 253 && subdomain.test(text);
}

/** Whether Kubernetes accepts it as the name of a namespace, a DNS label. */
export function isNamespace(text: string): boolean {
  return text.length <= 63 && isSubdomain(text) && !text.includes(".");
}

/** Whether Kubernetes accepts it as the key of a label. */
export function isLabelKey(text: string): boolean {
  const [last = "", ...prefix] = text.split("/").reverse();
  return name.test(last) && prefix.length <= 1 && prefix.every(isSubdomain);
}

/** Whether Kubernetes accepts it as the value of a label. */
export function isLabelValue(text: string): boolean {
  return text === "" || name.test(text);
}
