import type {
  EnforcementLevel,
  PolicyConfigSchema,
  ResourceValidation,
  ResourceValidationPolicy,
  Severity,
  StackValidationPolicy,
} from "@pulumi/policy";
import { type Resource, resourceOf } from "./resource";
import { settings } from "./settings";

/** What every rule has. */
interface Described<Value> {
  /** Kebab case, its subject first; also its file's name, and its section's in docs/policies.md. */
  name: string;
  /** What holds, in one sentence. */
  description: string;
  severity: Severity;
  enforcementLevel: Extract<EnforcementLevel, "mandatory" | "advisory">;
  /** What happens without it. */
  why: string;
  /** What to do about a violation; no full stop. */
  remediation: string;
  /** What it cannot check, if anything. */
  notSeen?: string;
  /** Types of the resources it is about. Absent: all. */
  types?: readonly string[];
  /** What may be set about it: by default in policies/settings.ts, for a run with `--policy-pack-config`. */
  setting?: Setting<Value>;
}

export interface Setting<Value> {
  name: string;
  description: string;
  schema: PolicyConfigSchema["properties"][string];
  default: Value;
}

/** A rule about single resources. It reads inputs, which are known at preview, before anything is done. */
export interface ResourceRule<Value = unknown> extends Described<Value> {
  /** What is wrong with a resource, without full stops; empty: nothing. */
  violations(resource: Resource, setting: Value): string[];
}

/**
 * A rule about several resources together. It reads the state after an update; in a preview, the state as it would
 * be.
 */
export interface StackRule<Value = unknown> extends Described<Value> {
  violationsOfStack(resources: Resource[], setting: Value): Violation[];
}

export interface Violation {
  /** The resource that it is about. */
  resource: Resource;
  message: string;
}

export type Rule = ResourceRule | StackRule;
export type Policy = ResourceValidationPolicy | StackValidationPolicy;

/** The policy that the engine runs for a rule. Each violation is reported with the rule's remediation. */
export function policyOf(rule: Rule): Policy {
  const { name, description, severity, enforcementLevel, remediation, types, setting } = rule;
  const concerns = ({ type }: { type: string }) => types === undefined || types.includes(type);
  const settingOf = (config: Record<string, unknown>): unknown =>
    setting && (config[setting.name] ?? settings[name] ?? setting.default);
  const text = (message: string) => `${message}. ${remediation}`;
  const described = {
    ...{
      name,
      description,
      severity,
      enforcementLevel,
      remediationSteps: remediation,
      url: `docs/policies.md#${name}`,
    },
    ...(setting && {
      configSchema: { properties: { [setting.name]: { ...setting.schema, description: setting.description } } },
    }),
  };
  if ("violations" in rule) {
    const validateResource: ResourceValidation = (args, report) => {
      if (!concerns(args)) return;
      for (const message of rule.violations(resourceOf(args), settingOf(args.getConfig()))) report(text(message));
    };
    // With one type the engine does not copy every other resource for this policy.
    return {
      ...described,
      validateResource:
        types?.length === 1 ? Object.assign(validateResource, { __pulumiType: types[0] }) : validateResource,
    };
  }
  return {
    ...described,
    validateStack: (args, report) => {
      const found = rule.violationsOfStack(
        args.resources.filter(concerns).map(resourceOf),
        settingOf(args.getConfig()),
      );
      for (const { resource, message } of found) report(text(message), resource.urn);
    },
  };
}
