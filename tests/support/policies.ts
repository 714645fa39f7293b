import type { PolicyResource, ResourceValidationArgs, StackValidationArgs } from "@pulumi/policy";
import { withUnknowns } from "../../operations/policy/unknown-values";
import type { Policy } from "../../policies/rule";
import { isComponent } from "./known-types";
import { type Registration, unsecret } from "./mocks";

/** One resource as the engine shows it to policies. */
export interface Shown {
  type: string;
  name: string;
  urn: string;
  /** Secrets laid open, as the engine does it. */
  props: Record<string, unknown>;
  protect: boolean;
  /** URNs. */
  parent?: string;
  provider?: Shown;
}

/** What a stack registered, as policies see it. */
export function shownOf(
  stack: string,
  registrations: readonly Pick<Registration, "type" | "name" | "inputs" | "options">[],
): Shown[] {
  const own = registrations.filter(
    ({ type }) => type !== "pulumi:pulumi:Stack" && type !== "pulumi:pulumi:StackReference",
  );
  const urnOf = ({ type, name, options }: (typeof own)[number]): string => {
    const parent = own.find((one) => one.name === options.parent && isComponent(one.type));
    return `urn:pulumi:${stack}::supercluster::${parent ? `${parent.type}$` : ""}${type}::${name}`;
  };
  const shown = (one: (typeof own)[number]): Shown => {
    const { type, name, options } = one;
    const parent = own.find((other) => other.name === options.parent && isComponent(other.type));
    const provider = own.find(
      (other) => other.name === options.provider && other.type === `pulumi:providers:${type.split(":")[0]}`,
    );
    return {
      ...{
        type,
        name,
        urn: urnOf(one),
        props: unsecret(one.inputs) as Record<string, unknown>,
        protect: options.protect ?? false,
      },
      parent: parent && urnOf(parent),
      provider: provider && shown(provider),
    };
  };
  return own.map(shown);
}

export interface Found {
  policy: string;
  resource: string;
  message: string;
}

/**
 * What policies report of a stack, as the engine asks them: unknown values throw when they are read, and so does all
 * that it is not known to give.
 */
export function violationsOf(policies: readonly Policy[], resources: readonly Shown[], config: object = {}): Found[] {
  const found: Found[] = [];
  const beside = { getConfig: <T>() => config as T };
  for (const policy of policies) {
    const report = (urn?: string) => (message: string, other?: string) =>
      void found.push({ policy: policy.name, resource: (other ?? urn ?? "").split("::").at(-1)!, message });
    if ("validateStack" in policy) {
      void policy.validateStack(
        strict<StackValidationArgs>({
          ...beside,
          resources: resources.map((one) => strict<PolicyResource>(argsOf(one))),
        }),
        report(),
      );
      continue;
    }
    for (const one of resources) {
      for (const validate of [policy.validateResource!].flat())
        void validate(strict<ResourceValidationArgs>({ ...argsOf(one), ...beside }), report(one.urn));
    }
  }
  return found;
}

function argsOf({ type, name, urn, props, protect, parent, provider }: Shown) {
  const wrapped = (value: Record<string, unknown>) => withUnknowns(value);
  const opts = { protect, parent } as PolicyResource["opts"];
  return {
    type,
    name,
    urn,
    props: wrapped(props),
    opts,
    provider: provider && {
      type: provider.type,
      name: provider.name,
      urn: provider.urn,
      props: wrapped(provider.props),
    },
  };
}

const strict = <T extends object>(given: Partial<T>): T =>
  new Proxy(given, { get: (target, key) => (key in target ? target[key as keyof T] : unexpected(String(key))) }) as T;

function unexpected(key: string): never {
  throw new Error(`the policy reads "${key}", which this test does not give`);
}
