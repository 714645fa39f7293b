import { isDeepStrictEqual } from "node:util";
import { isPluginNotice, withoutSeverity } from "./pulumi-text";

/**
 * An event of the engine, as far as it is read. Shape: apitype.EngineEvent,
 * https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/apitype/events.go
 */
export interface EngineEvent {
  resourcePreEvent?: { metadata: { op: string; urn: string } };
  resOutputsEvent?: {
    metadata: {
      op?: string;
      urn: string;
      old?: { outputs?: object } | null;
      new: { custom?: boolean; inputs?: object; outputs?: object } | null;
    };
  };
  policyEvent?: { resourceUrn: string; message: string; policyName: string };
  policyAnalyzeSummaryEvent?: RuleNames & { resourceUrn: string };
  policyAnalyzeStackSummaryEvent?: RuleNames;
  diagnosticEvent?: { urn?: string; message: string; severity: string; ephemeral?: boolean };
  summaryEvent?: { PolicyPacks?: Record<string, string>; resourceChanges?: Record<string, number> };
}

export interface RuleNames {
  passed?: string[];
  failed?: string[];
  notApplicable?: { policyName: string }[];
}

/** Outcome of a run. */
export interface Outcome {
  /** `4 created, 12 unchanged`. */
  summary: string;
  /** Whether there are resources, none was changed, and no output of the stack. */
  isUnchanged: boolean;
  /** The errors, warnings and output of providers, by resource; empty where there are none. */
  diagnostics: string;
}

/** Operations that the summary counts, in its order. */
const counted = {
  create: "created",
  import: "imported",
  update: "updated",
  replace: "replaced",
  delete: "deleted",
  same: "unchanged",
} as const;

/** Of a provider's process, `info#err` is what it prints. */
const noted = ["warning", "info#err"];
const shown = ["error", ...noted];

/** Whether an event reports that something was done to one resource. */
export const isFinished = ({ resOutputsEvent: one }: EngineEvent): boolean =>
  one?.metadata.op !== undefined && one.metadata.op !== "same";

/** Whether a stack gets other outputs, of which the summary says nothing; secret ones are not shown in events. */
const hasNewOutputs = ({ resOutputsEvent: one }: EngineEvent): boolean =>
  one !== undefined &&
  one.metadata.urn.includes("::pulumi:pulumi:Stack::") &&
  !isDeepStrictEqual(one.metadata.old?.outputs ?? {}, one.metadata.new?.outputs ?? {});

export function outcomeOf(events: EngineEvent[]): Outcome {
  const changes = events.findLast(({ summaryEvent }) => summaryEvent)?.summaryEvent?.resourceChanges ?? {};
  const counts = Object.entries(counted).flatMap(([op, word]) => (changes[op] ? [`${changes[op]} ${word}`] : []));
  const isUnchanged = counts.length === 1 && changes.same !== undefined && !events.some(hasNewOutputs);
  return { summary: counts.join(", ") || "nothing to do", isUnchanged, diagnostics: diagnosticsOf(events) };
}

/** What the program and the providers report of a run that may succeed: a text each, in their order, each once. */
export const notesOf = (events: EngineEvent[]): string[] => [
  ...new Set(reportsIn(events, noted).map(({ text }) => text)),
];

/** Reports of these severities, without what is shown only for a moment, and where plugins were found. */
function reportsIn(events: EngineEvent[], severities: string[]): { urn?: string; text: string }[] {
  return events.flatMap(({ diagnosticEvent: one }) => {
    if (!one || one.ephemeral || !severities.includes(one.severity)) return [];
    const text = withoutSeverity(one.message);
    if (!text || isPluginNotice(text)) return [];
    return [{ urn: one.urn, text: one.severity === "info#err" ? text : `${one.severity}: ${text}` }];
  });
}

/** Under each resource its messages, each once. */
function diagnosticsOf(events: EngineEvent[]): string {
  const texts = new Map<string, Set<string>>();
  for (const { urn, text } of reportsIn(events, shown)) {
    const subject = urn ? `${urn.split("::")[2]!.split("$").at(-1)} (${urn.split("::").at(-1)})` : "";
    texts.set(subject, (texts.get(subject) ?? new Set()).add(text));
  }
  return [...texts]
    .map(([subject, messages]) => {
      const lines = [...messages].flatMap((text) => text.split("\n")).map((line) => `    ${line}`);
      return [...(subject ? [`  ${subject}:`] : []), ...lines].join("\n");
    })
    .join("\n");
}
