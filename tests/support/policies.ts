import type { ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";

/** What a policy reports about one resource; everything but the resource throws when it is asked for. */
export function violationsOf(policy: ResourceValidationPolicy, resource: { type: string; name: string; inputs: Record<string, unknown> }): string[] {
  const reported: string[] = [];
  const { type, name, inputs: props } = resource;
  const known: Partial<ResourceValidationArgs> = { type, name, props };
  const args = new Proxy(known, {
    get: (target, key) => (key in target ? target[key as keyof typeof target] : unexpected(String(key))),
  }) as ResourceValidationArgs;
  for (const validate of [policy.validateResource!].flat()) void validate(args, (message) => reported.push(message));
  return reported;
}

function unexpected(key: string): never {
  throw new Error(`the policy reads "${key}" of a resource, which this test does not give`);
}
