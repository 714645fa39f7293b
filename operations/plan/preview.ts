import { isDeepStrictEqual } from "node:util";
import { changesOf, type Change } from "../../jetstream/changes";
import { type AssetKind, consumerKind, idOf, streamKind } from "../../jetstream/kinds";
import { diagnostics as declared, readDiagnostic } from "../../config/diagnostics";
import { checkFailureOf, isFailedNotice, isPluginNotice, withoutSeverity } from "../../engine/pulumi-text";
import { nonceKey } from "../../jetstream/ownership";
import { stepDown } from "../../jetstream/steps";
import { toWire } from "../../jetstream/wire";
import type { AssetArgs } from "../../jetstream/schemas";

/** Output of `pulumi preview --json`, as far as it is read. Shape: the engine's display.PreviewDigest. */
export interface Preview {
  steps?: Step[];
  diagnostics?: Diagnostic[];
}

export interface Step {
  op: string;
  urn: string;
  oldState?: State;
  newState?: State;
  /** By path of the property that changes. */
  detailedDiff?: Record<string, unknown>;
  /** Properties that change, where a provider reports no paths. */
  diffReasons?: string[];
  replaceReasons?: string[];
}

interface State {
  type: string;
  inputs?: AssetArgs;
  outputs?: AssetArgs;
  protect?: boolean;
  retainOnDelete?: boolean;
}

interface Diagnostic {
  /** Absent where it is about no resource. */
  urn?: string;
  message: string;
  /** `error`, `warning`, or `info#err` for what a provider printed. */
  severity: string;
}

/** One stream or consumer that an `up` would touch, as the engine plans it. */
export interface PlannedChange {
  kind: AssetKind;
  /** `irisx/SMS` or `irisx/SMS/sms-worker`. */
  id: string;
  /** `state`: no request to a server. */
  action: "create" | "update" | "state" | "replace" | "delete" | "refused";
  /** Arguments that are deployed, after a refresh; absent when nothing is deployed. */
  deployed?: AssetArgs;
  /** By which the stack's state recognizes the ownership mark of what is deployed. */
  nonce?: string;
  /** Arguments that this up would apply; absent for refusals, and for what was removed from the program. */
  wanted?: AssetArgs;
  fields: FieldChange[];
  /** Why the engine would refuse it. */
  refusals: string[];
  notes: string[];
  /** The engine would remove it from the state only. */
  isRetained: boolean;
  /** A durable that is deleted with its stream; the cost is counted for the stream. */
  isCarried: boolean;
}

export interface FieldChange {
  field: string;
  /** Values as arguments have them; absent where the field is not set. */
  from?: unknown;
  to?: unknown;
  /** It was changed outside this program. */
  isDrift?: true;
}

/** Everything that an up of one stack would do, and why that may be incomplete. */
export interface StackPlan {
  changes: PlannedChange[];
  /** The program or the engine failed: what is planned is not known. */
  failures: string[];
  /** What the provider and the program printed during the preview. */
  warnings: string[];
  /** Something could not be read, so the plan may be wrong. */
  isPartial: boolean;
}

const kinds: Record<string, AssetKind> = {
  "pulumi-nodejs:dynamic/nats:Stream": streamKind,
  "pulumi-nodejs:dynamic/nats:Consumer": consumerKind,
};

export const typeOf = (urn: string): string => urn.split("::")[2]!.split("$").at(-1)!;
export const nameOf = (urn: string): string => urn.split("::").at(-1)!;

/**
 * Streams and consumers that the engine refused. It stops at the first one or two: others appear once these are
 * excluded.
 */
export const refusedUrns = ({ diagnostics = [] }: Preview): string[] => [
  ...new Set(
    diagnostics.flatMap(({ urn, severity }) => (severity === "error" && urn && typeOf(urn) in kinds ? [urn] : [])),
  ),
];

/**
 * What an `up` would do, from the previews of one stack: the first of everything, each further one without what those
 * before it refused.
 */
export function stackPlan(previews: Preview[]): StackPlan {
  const last = previews.at(-1)!;
  const seen = new Map(
    (previews[0]!.steps ?? []).flatMap(({ op, urn, oldState }) =>
      op === "refresh" && oldState ? [[urn, oldState] as const] : [],
    ),
  );
  const diagnostics = previews.flatMap((preview) => preview.diagnostics ?? []);
  const refused = new Set(previews.flatMap(refusedUrns));
  const steps = (last.steps ?? []).filter(({ urn }) => typeOf(urn) in kinds && !refused.has(urn));
  const recreated = new Set(
    steps.flatMap(({ op, urn, newState }) => (op === "replace" ? [idOf(kinds[typeOf(urn)]!, argsOf(newState!))] : [])),
  );
  const warnings = messagesOf({ diagnostics }, ["warning", "info#err"]);
  const failures = failuresOf({ diagnostics }).filter(({ urn }) => !(urn && refused.has(urn)));
  const changes = [
    ...[...refused].map((urn) => refusal(urn, seen.get(urn), diagnostics)),
    ...steps.flatMap((step) => changeOf(step, seen.get(step.urn), recreated) ?? []),
  ];
  return {
    changes: changes.map((change) => ({ ...change, notes: [...change.notes, ...movesOf(change.id, diagnostics)] })),
    failures: failures.map(({ message }) => withoutSeverity(message)),
    warnings: grouped(warnings),
    isPartial: warnings.some((text) => readDiagnostic(text)?.diagnostic.isPartial),
  };
}

/** Diagnostics with one of these severities, each once. */
export function messagesOf({ diagnostics = [] }: Pick<Preview, "diagnostics">, severities: string[]): string[] {
  const texts = diagnostics
    .filter(({ severity }) => severities.includes(severity))
    .map(({ message }) => withoutSeverity(message));
  return [...new Set(texts)].filter((text) => !isPluginNotice(text) && !isInPlan(text));
}

/** Why the engine or the program failed, if it did. */
export const failuresOf = ({ diagnostics = [] }: Preview): Diagnostic[] =>
  diagnostics.filter(({ severity, message }) => severity === "error" && !isFailedNotice(message));

/** The plan itself lists the fields that an adoption changes, and the subjects that a stream gets from others. */
const isInPlan = (text: string): boolean =>
  [declared.adoptionChanges.code, declared.subjectMoves.code].includes(readDiagnostic(text)?.diagnostic.code ?? "SC0");

/** What the provider printed about subjects that a stream gets from others. */
const movesOf = (id: string, diagnostics: Diagnostic[]): string[] => [
  ...new Set(
    diagnostics.flatMap(({ message }) => {
      const read = readDiagnostic(withoutSeverity(message));
      return read?.diagnostic === declared.subjectMoves && read.subject === id ? [read.text] : [];
    }),
  ),
];

/** Declared warnings with the same text in one line, with the names of all subjects and the code. */
function grouped(warnings: string[]): string[] {
  const subjects = new Map<string, string[]>();
  const others = warnings.filter((text) => {
    const read = readDiagnostic(text);
    if (!read) return true;
    const line = `${read.text} [${read.diagnostic.code}]`;
    subjects.set(line, [...(subjects.get(line) ?? []), read.subject]);
    return false;
  });
  const names = (all: string[]) =>
    all.length > 3 ? `${all.slice(0, 3).join(", ")} and ${all.length - 3} more` : all.join(", ");
  return [...others, ...[...subjects].map(([line, all]) => `${names(all)}: ${line}`)];
}

function refusal(urn: string, state: State | undefined, diagnostics: Diagnostic[]): PlannedChange {
  const kind = kinds[typeOf(urn)]!;
  const args = state && argsOf(state);
  return {
    kind,
    id: args ? idOf(kind, args) : nameOf(urn),
    action: "refused",
    deployed: args,
    fields: [],
    refusals: [
      ...new Set(
        diagnostics
          .filter((one) => one.urn === urn && one.severity === "error")
          .map(({ message }) => reasonOf(message)),
      ),
    ],
    notes: [],
    isRetained: false,
    isCarried: false,
  };
}

/** `maxMsgs: would drop 96 of 101 messages`. */
function reasonOf(message: string): string {
  const failure = checkFailureOf(message);
  return failure ? `${failure.property}: ${failure.reason}` : withoutSeverity(message);
}

function changeOf(
  { op, urn, oldState, newState }: Step,
  seen: State | undefined,
  recreated: ReadonlySet<string>,
): PlannedChange | undefined {
  const kind = kinds[typeOf(urn)]!;
  const deployed = oldState && argsOf(oldState);
  const target = newState && argsOf({ inputs: newState.inputs });
  const base = {
    kind,
    id: idOf(kind, (target ?? deployed)!),
    deployed,
    nonce: oldState?.outputs?.[nonceKey],
    fields: [] as FieldChange[],
    refusals: [] as string[],
    notes: [] as string[],
    isRetained: oldState?.retainOnDelete ?? false,
    isCarried: false,
  };
  if (target?.absent || deployed?.absent) return absenceOf(op, base, target);
  switch (op) {
    case "create":
      return {
        ...base,
        action: "create",
        wanted: target,
        notes: seen ? ["does not exist on the servers: it was deleted outside this program"] : [],
      };
    case "update": {
      const wanted = stepDown(kind.fields, target!, toWire(kind.fields, deployed!));
      const fields = fieldChanges(kind, deployed!, wanted, seen && argsOf(seen));
      if (
        kind === consumerKind &&
        recreated.has(idOf(streamKind, { account: target!.account, name: target!.stream! }))
      ) {
        return {
          ...base,
          action: "replace",
          wanted,
          fields,
          notes: ["is recreated with its stream"],
          isCarried: true,
        };
      }
      const policy = policyChange(oldState!, newState!);
      if (fields.length === 0)
        return { ...base, action: "state", wanted, fields: [...argumentChanges(deployed!, wanted), ...policy] };
      return { ...base, action: "update", wanted, fields: [...fields, ...policy], notes: stepNotes(target!, wanted) };
    }
    case "replace":
      return {
        ...base,
        action: "replace",
        wanted: target,
        fields: fieldChanges(kind, deployed!, target!, seen && argsOf(seen)),
        refusals: newState!.protect || base.isRetained ? [`is retained, so it cannot be recreated; ${unprotect}`] : [],
      };
    case "delete":
      return {
        ...base,
        action: "delete",
        refusals: oldState!.protect
          ? [
              `is protected, so the engine does not remove it; to delete it, ${unprotect}; ` +
                "to keep it unmanaged, run: pulumi state unprotect",
            ]
          : [],
      };
    case "same": {
      const fields = policyChange(oldState!, newState!);
      return fields.length ? { ...base, action: "state", wanted: target, fields } : undefined;
    }
    default:
      return undefined;
  }
}

/** The change of an entry that is, or was, marked `absent`. */
function absenceOf(
  op: string,
  base: Omit<PlannedChange, "action">,
  target: AssetArgs | undefined,
): PlannedChange | undefined {
  const { kind, deployed } = base;
  if (op === "delete") return { ...base, action: "state", notes: ["was deleted when its tenant left"] };
  if (op !== "create" && op !== "update") return undefined;
  if (!target!.absent)
    return {
      ...base,
      action: "create",
      wanted: target,
      notes: ["its tenant is no longer leaving; its former messages are lost"],
    };
  if (!deployed || deployed.absent)
    return { ...base, action: "state", wanted: target, notes: ["must not exist, and does not exist"] };
  const isCarried = kind === consumerKind;
  return {
    ...base,
    action: "delete",
    wanted: target,
    notes: [isCarried ? "is deleted with its stream" : "its tenant is leaving"],
    isRetained: false,
    isCarried,
  };
}

const unprotect = 'first deploy it with deletionPolicy: "delete"';

function policyChange(before: State, after: State): FieldChange[] {
  const [from, to] = [policyOf(before), policyOf(after)];
  return from === to ? [] : [{ field: "deletionPolicy", from, to }];
}

/** `retain` shows in the engine's options, the other two in the arguments. */
const policyOf = ({ protect, inputs }: State): unknown => (protect ? "retain" : (inputs?.deletionPolicy ?? "delete"));

/** The arguments in a state: those that were applied, which are its outputs, if it has any. */
function argsOf({ inputs, outputs }: Pick<State, "inputs" | "outputs">): AssetArgs {
  const { __provider: _, [nonceKey]: __, ...args } = (outputs ?? inputs)!;
  return args;
}

/** Changes that lead to a request to the servers. */
function fieldChanges(
  kind: AssetKind,
  deployed: AssetArgs,
  wanted: AssetArgs,
  seen: AssetArgs | undefined,
): FieldChange[] {
  const wire = (args: AssetArgs) => toWire(kind.fields, args);
  const drifted = new Set(seen ? changesOf(kind.fields, wire(seen), wire(deployed)).map(({ field }) => field) : []);
  return [
    ...changesOf(kind.fields, wire(deployed), wire(wanted))
      .filter((change) => isOwnChange(kind, change, deployed, wanted))
      .map(({ field, from, to }): FieldChange => ({ field, from, to, ...(drifted.has(field) && { isDrift: true }) })),
    ...argumentChanges(deployed, wanted).filter(({ field }) => sentBeside.includes(field)),
  ];
}

/** Arguments that reach the server although they are not fields of its configuration. */
const sentBeside = ["extraConfig", "resetTo"];

const argumentChanges = (deployed: AssetArgs, wanted: AssetArgs): FieldChange[] =>
  [...new Set([...Object.keys(deployed), ...Object.keys(wanted)])]
    .filter((key) => key !== "deletionPolicy" && !isDeepStrictEqual(deployed[key], wanted[key]))
    .map((field) => ({ field, from: deployed[field], to: wanted[field] }));

/** Not a change of labels that are derived from other fields. */
function isOwnChange(kind: AssetKind, { field }: Change, deployed: AssetArgs, wanted: AssetArgs): boolean {
  const { derived } = kind.fields.find(({ arg }) => arg === field)!;
  return !derived || !isDeepStrictEqual(deployed[field], wanted[field]);
}

const stepNotes = (target: AssetArgs, applied: AssetArgs): string[] =>
  Object.keys((target.lowerBy as AssetArgs | undefined) ?? {}).flatMap((key) =>
    target[key] === applied[key] ? [] : [`${key} is lowered to ${String(target[key])} in steps, one per up`],
  );
