import type { EngineEvent, RuleNames } from "../../engine/events";
import { isFailedNotice, withoutRule } from "../../engine/pulumi-text";
import { finding, type Finding, type StackFindings } from "./findings";
import { concerns, isStackRule, type Policy } from "./pack";

/** Why a preview ended before its summary: pulumi's errors, and the output of a pack that did not start. */
export function earlyEndOf(events: EngineEvent[], output: string): string {
  const printed = events
    .flatMap(({ diagnosticEvent: one }) => (one?.severity === "info#err" ? [one.message.trimEnd()] : []))
    .filter(Boolean);
  const errors = [...errorsOf(events), ...output.split("\n").filter(Boolean)];
  return ["the preview did not complete", ...errors, ...printed].join("\n");
}

/**
 * What the pack found, from the events of one preview. The preview counts as failed if the pack did not run, or if a
 * rule did not see a resource that would exist afterwards.
 */
export function findingsOf(stack: string, events: EngineEvent[], rules: readonly Policy[]): StackFindings {
  const found = events
    .flatMap(({ policyEvent }) => policyEvent ?? [])
    .map(({ policyName, resourceUrn, message }) => ({ rule: ruleOf(rules, policyName), urn: resourceUrn, message }));
  const findings = (isJudged: boolean): Finding[] =>
    found
      .filter(({ rule, message }) => isJudged === isOfRule(rule, message))
      .map(({ rule, urn, message }) => finding(rule, urn, isJudged ? message : withoutRule(message)));
  const notJudged = findings(false);
  const errors = errorsOf(events);
  const judged = new Map(
    events.flatMap(({ policyAnalyzeSummaryEvent: one }) => (one ? [[one.resourceUrn, namesOf(one)] as const] : [])),
  );
  return {
    stack,
    resources: judged.size,
    rules: [...new Set([...[...judged.values()].flat(), ...stackNames(events)])].sort(),
    violations: findings(true),
    notJudged,
    // After an error the engine does not ask the pack about the rest.
    failures: [
      ...unseenByStackRules(events),
      ...(errors.length ? errors : [...gaps(events, judged, rules), ...unknowns(notJudged)]),
    ],
  };
}

/**
 * Whether the rule itself reported this: the SDK puts the rule's description before what it reports. Without, it is the
 * SDK that reports, as advice, that the rule reads what is known only after an `up`.
 */
const isOfRule = ({ description }: Policy, message: string): boolean => message.trim().startsWith(description);

const errorsOf = (events: EngineEvent[]): string[] => [
  ...new Set(
    events
      .flatMap(({ diagnosticEvent }) => (diagnosticEvent?.severity === "error" ? [diagnosticEvent.message.trim()] : []))
      .filter((message) => !isFailedNotice(message)),
  ),
];

/**
 * Rules over the whole stack get outputs, and a preview has none where the settings of a provider are not known yet.
 */
function unseenByStackRules(events: EngineEvent[]): string[] {
  const empty = (properties: object = {}) => Object.keys(properties).length === 0;
  const isBlank = ({ custom, inputs, outputs }: { custom?: boolean; inputs?: object; outputs?: object }) =>
    custom === true && empty(outputs) && !empty(inputs);
  const names = events.flatMap(({ resOutputsEvent: one }) =>
    one?.metadata.new && isBlank(one.metadata.new) ? [one.metadata.urn.split("::").at(-1)!] : [],
  );
  if (names.length === 0) return [];
  return [
    `rules over the whole stack get no properties of ${names[0]} and ${names.length - 1} others, ` +
      "because the settings of their provider are not known yet; " +
      "first deploy what provides these: another stack, or the cluster that this one creates",
  ];
}

/** Advice may wait for the next run. */
function unknowns(notJudged: Finding[]): string[] {
  const names = new Set(notJudged.filter(({ level }) => level === "mandatory").map(({ rule }) => rule));
  return names.size ? [`mandatory rules that read what is known only after an up: ${[...names].join(", ")}`] : [];
}

/** Steps after which a resource exists. */
const keeping = ["create", "same", "update", "replace", "create-replacement", "import", "import-replacement"];

/** Further ones would repeat the same reason. */
const mostGaps = 3;

/** Why it is not certain that every rule saw every resource. */
function gaps(events: EngineEvent[], judged: ReadonlyMap<string, string[]>, rules: readonly Policy[]): string[] {
  const packs = events.flatMap(({ summaryEvent }) => Object.keys(summaryEvent?.PolicyPacks ?? {}));
  if (packs.length === 0) return ["the engine ran no policy pack"];
  const missing = (names: string[], wanted: Policy[]) =>
    wanted.filter(({ name }) => !names.includes(name)).map(({ name }) => name);
  const aboutResources = rules.filter((rule) => !isStackRule(rule));
  const typeOf = (urn: string) => urn.split("::")[2]!.split("$").at(-1)!;
  const planned = new Set(
    events.flatMap(({ resourcePreEvent: one }) => (one && keeping.includes(one.metadata.op) ? [one.metadata.urn] : [])),
  );
  const unseen = [...planned].flatMap((urn) => {
    const names = missing(
      judged.get(urn) ?? [],
      aboutResources.filter((rule) => concerns(rule, typeOf(urn))),
    );
    return names.length ? [`rules that did not see ${urn}: ${names.join(", ")}`] : [];
  });
  const notRun = missing(stackNames(events), rules.filter(isStackRule));
  return [
    ...(planned.size === 0 ? ["the preview has no resource"] : []),
    ...unseen.slice(0, mostGaps),
    ...(unseen.length > mostGaps ? [`and ${unseen.length - mostGaps} other resources`] : []),
    ...(notRun.length ? [`rules that did not see the whole stack: ${notRun.join(", ")}`] : []),
  ];
}

const stackNames = (events: EngineEvent[]): string[] =>
  events.flatMap(({ policyAnalyzeStackSummaryEvent: one }) => (one ? namesOf(one) : []));

const namesOf = ({ passed = [], failed = [], notApplicable = [] }: RuleNames): string[] => [
  ...passed,
  ...failed,
  ...notApplicable.map(({ policyName }) => policyName),
];

function ruleOf(rules: readonly Policy[], name: string): Policy {
  const rule = rules.find((one) => one.name === name);
  if (!rule) throw new Error(`the engine ran a rule that policies/registry.ts does not have: ${name}`);
  return rule;
}
