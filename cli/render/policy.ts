import { plural } from "../../config/plural";
import { colours } from "../../engine/terminal";
import type { Finding, StackFindings } from "../../operations/policy/findings";

/** The result of a policy check over several stacks. */
export interface Verdict {
  /** No mandatory rule is violated, and every stack was checked as a whole. */
  ok: boolean;
  mandatory: number;
  advisory: number;
  notJudged: number;
  /** Stacks that could not be checked as a whole. */
  failed: string[];
  /** One line: `5 stacks, 31 rules: 2 mandatory violations in local-jetstream, 1 advisory`. */
  summary: string;
}

export function verdictOf(stacks: StackFindings[]): Verdict {
  const violations = stacks.flatMap((stack) => stack.violations);
  const mandatory = violations.filter(({ level }) => level === "mandatory").length;
  const advisory = violations.length - mandatory;
  const notJudged = stacks.reduce((sum, stack) => sum + stack.notJudged.length, 0);
  const failed = stacks.filter(({ failures }) => failures.length > 0).map(({ stack }) => stack);
  const rules = new Set(stacks.flatMap((stack) => stack.rules)).size;
  const counts = [
    plural(mandatory, "mandatory violation"),
    `${advisory} advisory`,
    ...(notJudged ? [`${notJudged} not judged`] : []),
    ...(failed.length ? [`not fully checked: ${failed.join(", ")}`] : []),
  ];
  return {
    ok: mandatory === 0 && failed.length === 0,
    mandatory,
    advisory,
    notJudged,
    failed,
    summary: `${plural(stacks.length, "stack")}, ${plural(rules, "rule")}: ${counts.join(", ")}`,
  };
}

/** The findings of one stack as text: mandatory ones first, then by rule and resource. */
export function renderStack({ stack, resources, rules, violations, notJudged, failures }: StackFindings): string {
  const head = `${colours.bold(stack)}: ${plural(resources, "resource")}, ${plural(rules.length, "rule")}`;
  return [
    violations.length || notJudged.length || failures.length ? head : `${head}, nothing violated`,
    ...(failures.length ? [`  ${colours.red("not fully checked")}`] : []),
    ...failures.flatMap((failure) => indented(failure, 4)),
    ...inOrder(violations).flatMap((one) => [
      ...indented(`${label(one)}  ${one.rule}  ${one.resource}`, 2),
      ...indented(one.what, 4),
      ...(one.fix ? indented(`fix: ${one.fix} (${one.url})`, 4) : []),
    ]),
    ...notJudgedLines(notJudged),
  ].join("\n");
}

const label = ({ level, severity }: Finding): string =>
  `${level === "mandatory" ? colours.red(level) : colours.yellow(level)} ${colours.dim(severity)}`;

const inOrder = (findings: Finding[]): Finding[] =>
  findings.toSorted(
    (left, right) =>
      right.level.localeCompare(left.level) ||
      left.rule.localeCompare(right.rule) ||
      left.resource.localeCompare(right.resource),
  );

/** One line for each rule and reason: a reason often applies to every resource of a type. */
function notJudgedLines(findings: Finding[]): string[] {
  const groups = new Map<string, Finding[]>();
  for (const one of inOrder(findings)) {
    const key = `${one.rule}\n${one.what}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].flatMap((group) => [
    ...indented(
      `${colours.yellow("not judged")}  ${group[0]!.rule}  ${group.map(({ resource }) => resource).join(", ")}`,
      2,
    ),
    ...indented(group[0]!.what, 4),
  ]);
}

const indented = (text: string, by: number): string[] => text.split("\n").map((line) => `${" ".repeat(by)}${line}`);
