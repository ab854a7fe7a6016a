/** A resource in Pulumi's state, reduced to the fields that a respin reads. */
type StateResource = {
  readonly urn: string;
  readonly id?: string;
  readonly type: string;
  /** `<URN>::<id>` of the provider that made it. */
  readonly provider?: string;
  readonly inputs?: Record<string, unknown>;
  readonly dependencies?: readonly string[];
  readonly propertyDependencies?: Record<string, readonly string[]>;
  readonly deletedWith?: string;
};

/** The output of `pulumi stack export`. */
export type PulumiState = {
  readonly deployment: {
    readonly resources?: readonly StateResource[];
    readonly pending_operations?: readonly { readonly resource: StateResource }[];
  };
};

/** Whether a state has any object in a cluster. */
export function hasObjects({ deployment }: PulumiState): boolean {
  return (deployment.resources ?? []).some(({ type }) => type.startsWith("kubernetes:"));
}

/**
 * Removes the objects of dead clusters and their providers from a state, and counts the objects.
 *
 * It also removes interrupted operations on objects of any cluster, because the next `up` looks for these objects.
 * Resources outside of Kubernetes (an address, a network, a random suffix) stay as they are.
 */
export function withoutDead(
  state: PulumiState,
  isDead: (provider: Record<string, unknown>) => boolean,
): { state: PulumiState; dropped: number; interrupted: number } {
  const resources = state.deployment.resources ?? [];
  const providers = resources.filter(({ type, inputs }) => type === providerType && isDead(inputs ?? {}));
  const dead = new Set(providers.map(({ urn, id }) => `${urn}::${id}`));
  const objects = resources.filter(({ provider }) => provider !== undefined && dead.has(provider));
  const gone = new Set([...providers, ...objects].map(({ urn }) => urn));
  const pending = state.deployment.pending_operations ?? [];
  const keptPending = pending.filter(({ resource }) => !resource.type.startsWith("kubernetes:"));
  const kept = resources.filter(({ urn }) => !gone.has(urn)).map((resource) => withoutLinksTo(resource, gone));
  return {
    state: { ...state, deployment: { ...state.deployment, resources: kept, pending_operations: keptPending } },
    dropped: objects.length,
    interrupted: pending.length - keptPending.length,
  };
}

const providerType = "pulumi:providers:kubernetes";

function withoutLinksTo(resource: StateResource, gone: ReadonlySet<string>): StateResource {
  const { deletedWith, ...rest } = resource;
  const links = (urns: readonly string[]) => urns.filter((urn) => !gone.has(urn));
  return {
    ...rest,
    ...(deletedWith !== undefined && !gone.has(deletedWith) && { deletedWith }),
    ...(rest.dependencies && { dependencies: links(rest.dependencies) }),
    ...(rest.propertyDependencies && {
      propertyDependencies: Object.fromEntries(
        Object.entries(rest.propertyDependencies).map(([property, urns]) => [property, links(urns)]),
      ),
    }),
  };
}
