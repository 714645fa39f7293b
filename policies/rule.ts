import type { EnforcementLevel, ResourceValidationPolicy, Severity } from "@pulumi/policy";

/** A rule about single resources of one type, as data. It reads inputs only: those are known at preview, where it counts. */
export interface Rule {
  /** Kebab case; also its file's name, and its section's in docs/policies.md. */
  name: string;
  /** What holds, in one sentence. */
  description: string;
  severity: Severity;
  enforcementLevel: EnforcementLevel;
  /** What to do about a violation. */
  remediation: string;
  /** Type of the resources it is about. */
  type: string;
  /** What is wrong with one, if anything. */
  violation(inputs: Record<string, unknown>): string | undefined;
}

export function policyOf({ name, description, severity, enforcementLevel, remediation, type, violation }: Rule): ResourceValidationPolicy {
  return {
    name,
    description,
    severity,
    enforcementLevel,
    remediationSteps: remediation,
    url: `docs/policies.md#${name}`,
    validateResource: (resource, report) => {
      const found = resource.type === type ? violation(resource.props) : undefined;
      if (found) report(`${found}. ${remediation}`);
    },
  };
}
