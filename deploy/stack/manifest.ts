/** A Kubernetes object. */
export type Manifest = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  [field: string]: unknown;
};

/** Whether the object is the stack's namespace. */
export function isNamespace(object: Manifest): boolean {
  return object.kind === "Namespace";
}
