import type { Policy } from "./pack";

/** What a rule has to say about one resource: a row of the report, and an entry of `policy --json`. */
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

/** All that the rules found in one stack. */
export interface StackFindings {
  stack: string;
  /** How many resources were judged. */
  resources: number;
  /** Rules that had something to judge. */
  rules: string[];
  violations: Finding[];
  /** What a rule could not judge; `what` says why. */
  notJudged: Finding[];
  /** Why the stack could not be judged, or not whole. */
  failures: string[];
}

/** A finding by what the rule's own entry says, whatever the engine made of its level. */
export function finding(rule: Policy, urn: string, what: string): Finding {
  return {
    rule: rule.name,
    // What is not advice stops a deployment.
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
