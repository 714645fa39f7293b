import type { Policy } from "./pack";

/** What a rule found in one resource: a row of the report, and an entry of `policy --json`. */
export interface Finding {
  rule: string;
  level: "mandatory" | "advisory";
  severity: string;
  /** Its name in the program, e.g. `irisx-SMS`. */
  resource: string;
  urn: string;
  what: string;
  /** How to fix it. */
  fix: string;
  /** Where the rule is explained. */
  url: string;
}

/** Everything that the rules found in one stack. */
export interface StackFindings {
  stack: string;
  /** Number of resources that were judged. */
  resources: number;
  /** Rules that had something to judge. */
  rules: string[];
  violations: Finding[];
  /** What a rule could not judge; `what` is the reason. */
  notJudged: Finding[];
  /** Why the stack could not be judged completely. */
  failures: string[];
}

/** A finding with the level and the remedy of the rule itself; the engine may have changed the level. */
export function finding(rule: Policy, urn: string, what: string): Finding {
  return {
    rule: rule.name,
    // Every level but advisory stops a deployment.
    level: rule.enforcementLevel === "advisory" ? "advisory" : "mandatory",
    severity: rule.severity ?? "unspecified",
    resource: urn.split("::").at(-1)!,
    urn,
    what: ownWords(rule, what),
    fix: rule.remediationSteps ?? "",
    url: rule.url ?? "",
  };
}

/** The message without the description and the remediation, which stand around it. */
function ownWords({ description, remediationSteps }: Policy, message: string): string {
  const text = message.trim();
  const rest = text.startsWith(`${description}\n`) ? text.slice(description.length).trim() : text;
  const fix = remediationSteps?.trim();
  return (fix && rest.endsWith(fix) ? rest.slice(0, -fix.length).trim().replace(/\.$/, "") : rest) || description;
}
