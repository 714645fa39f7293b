import type { PolicyResource, ResourceValidationArgs } from "@pulumi/policy";
import { unknownValue } from "../config/unknown-value";

/** Properties as they were given, of any type. */
export type Inputs = Record<string, unknown>;

/** What rules see of one resource. */
export interface Resource {
  type: string;
  name: string;
  urn: string;
  inputs: Inputs;
  protect: boolean;
  /** Its parent's URN; absent: the stack itself. */
  parent?: string;
  /** What the provider that makes it was given. */
  provider?: Inputs;
}

export const resourceOf = ({
  type,
  name,
  urn,
  props,
  opts,
  provider,
}: ResourceValidationArgs | PolicyResource): Resource => ({
  ...{ type, name, urn, inputs: props, protect: opts.protect, parent: opts.parent },
  provider: provider?.props,
});

/** An object of which any part may be missing: what was given is not what the program's own types promise. */
export type Partly<T> = T extends (infer Item)[]
  ? Partly<Item>[]
  : T extends object
    ? { [Key in keyof T]?: Partly<T[Key]> }
    : T;

/**
 * A property, if it is known already. The engine's wrapper throws when an unknown one is read, and a mandatory policy
 * then counts as advisory; property descriptors do not throw.
 */
export function known(object: object, key: string): unknown {
  const value: unknown = Object.getOwnPropertyDescriptor(object, key)?.value;
  return value === unknownValue ? undefined : value;
}
