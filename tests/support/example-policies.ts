import type { Policy } from "../../operations/policy/pack";

/** Two rules as the engine knows them, one about resources and one about the whole stack, and names of resources. */

const described = { severity: "high", remediationSteps: "Set maxAge", url: "docs/policies.md#here" } as const;
export const streamType = "pulumi-nodejs:dynamic/nats:Stream";
/** Every stream has an age limit. */
export const bounded: Policy = {
  ...described,
  name: "stream-is-bounded",
  description: "Every stream has a limit.",
  enforcementLevel: "mandatory",
  validateResource: ({ type, props }, report) => {
    if (type === streamType && !props.maxAge) report(`stream ${props.name} has no limit. Set maxAge`);
  },
};
/** At most three resources. */
export const small: Policy = {
  ...described,
  name: "stack-is-small",
  description: "A stack has few resources.",
  enforcementLevel: "advisory",
  configSchema: { properties: { most: { type: "number", default: 3 } } },
  validateStack: ({ resources, getConfig }, report) => {
    if (resources.length > getConfig<{ most: number }>().most)
      report(`${resources.length} resources`, resources.at(-1)!.urn);
  },
};
export const rules = [bounded, small];

export const urnOf = (name: string, type = streamType) => `urn:pulumi:local-jetstream::supercluster::${type}::${name}`;
