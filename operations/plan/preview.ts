import { isDeepStrictEqual } from "node:util";
import { changesOf, type Change } from "../../jetstream/changes";
import { type AssetKind, consumerKind, idOf, streamKind } from "../../jetstream/kinds";
import { diagnostics as declared, readDiagnostic } from "../../config/diagnostics";
import { checkFailureOf, isFailedNotice, isPluginNotice, withoutSeverity } from "../../engine/pulumi-text";
import { nonceKey } from "../../jetstream/ownership";
import { stepDown } from "../../jetstream/steps";
import { type Args, toWire } from "../../jetstream/wire";

/** What `pulumi preview --json` prints, as far as it is looked at. Shape: the engine's display.PreviewDigest. */
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
  /** Properties that change, where a provider tells no paths. */
  diffReasons?: string[];
  replaceReasons?: string[];
}

interface State {
  type: string;
  inputs?: Args;
  outputs?: Args;
  protect?: boolean;
  retainOnDelete?: boolean;
}

interface Diagnostic {
  /** Absent where it is about no resource. */
  urn?: string;
  message: string;
  /** `error`, `warning`, or `info#err` for what a provider said. */
  severity: string;
}

/** One stream or consumer that an `up` would touch, as the engine plans it. */
export interface PlannedChange {
  kind: AssetKind;
  /** `irisx/SMS` or `irisx/SMS/sms-worker`. */
  id: string;
  /** `state`: nothing that a server would hear of. */
  action: "create" | "update" | "state" | "replace" | "delete" | "refused";
  /** Arguments that are deployed, after a look at the servers; absent when nothing is. */
  deployed?: Args;
  /** What the stack's state knows the mark of what is deployed by. */
  nonce?: string;
  /** Arguments that would be applied this time; absent for refusals, and for what is taken out of the program. */
  wanted?: Args;
  fields: FieldChange[];
  /** Why the engine would not do it. */
  refusals: string[];
  notes: string[];
  /** The engine would only forget what it takes away. */
  isRetained: boolean;
  /** A durable that goes with its stream; what that costs is the stream's. */
  isCarried: boolean;
}

export interface FieldChange {
  field: string;
  /** Values as arguments have them; absent where the field is not set. */
  from?: unknown;
  to?: unknown;
  /** Somebody changed it outside this program. */
  isDrift?: true;
}

/** Everything that one stack would do, and what keeps anybody from saying. */
export interface StackPlan {
  changes: PlannedChange[];
  /** The program or the engine failed: what is planned is not known. */
  failures: string[];
  /** What the provider and the program said while it was planned. */
  warnings: string[];
  /** Something that was to be read could not be: what is planned may be wrong. */
  isPartial: boolean;
}

const kinds: Record<string, AssetKind> = {
  "pulumi-nodejs:dynamic/nats:Stream": streamKind,
  "pulumi-nodejs:dynamic/nats:Consumer": consumerKind,
};

export const typeOf = (urn: string): string => urn.split("::")[2]!.split("$").at(-1)!;
export const nameOf = (urn: string): string => urn.split("::").at(-1)!;

/** Streams and consumers that the engine refused. It stops at the first one or two: others show when these are excluded. */
export const refusedUrns = ({ diagnostics = [] }: Preview): string[] => [
  ...new Set(
    diagnostics.flatMap(({ urn, severity }) => (severity === "error" && urn && typeOf(urn) in kinds ? [urn] : [])),
  ),
];

/**
 * What an `up` would do, from the previews of one stack: the first one of everything, each next one without what the ones before
 * refused.
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
  const madeAnew = new Set(
    steps.flatMap(({ op, urn, newState }) => (op === "replace" ? [idOf(kinds[typeOf(urn)]!, argsOf(newState!))] : [])),
  );
  const warnings = saidBy({ diagnostics }, ["warning", "info#err"]);
  const failures = failuresOf({ diagnostics }).filter(({ urn }) => !(urn && refused.has(urn)));
  return {
    changes: [
      ...[...refused].map((urn) => refusal(urn, seen.get(urn), diagnostics)),
      ...steps.flatMap((step) => changeOf(step, seen.get(step.urn), madeAnew) ?? []),
    ],
    failures: failures.map(({ message }) => withoutSeverity(message)),
    warnings: grouped(warnings),
    isPartial: warnings.some((text) => readDiagnostic(text)?.diagnostic.isPartial),
  };
}

/** What was said with one of these severities, each once. */
export function saidBy({ diagnostics = [] }: Pick<Preview, "diagnostics">, severities: string[]): string[] {
  const texts = diagnostics
    .filter(({ severity }) => severities.includes(severity))
    .map(({ message }) => withoutSeverity(message));
  return [...new Set(texts)].filter((text) => !isPluginNotice(text) && !isInPlan(text));
}

/** Why the engine or the program failed, if it did. */
export const failuresOf = ({ diagnostics = [] }: Preview): Diagnostic[] =>
  diagnostics.filter(({ severity, message }) => severity === "error" && !isFailedNotice(message));

/** The plan lists the fields that an adoption changes itself. */
const isInPlan = (text: string): boolean => readDiagnostic(text)?.diagnostic.code === declared.adoptionChanges.code;

/** Declared warnings with the same text in one line, with the names of all that it is about and its code. */
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
  madeAnew: ReadonlySet<string>,
): PlannedChange | undefined {
  const kind = kinds[typeOf(urn)]!;
  const deployed = oldState && argsOf(oldState);
  const target = newState && argsOf({ inputs: newState.inputs });
  const base = {
    kind,
    id: idOf(kind, (target ?? deployed)!),
    deployed,
    nonce: oldState?.outputs?.[nonceKey] as string | undefined,
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
        notes: seen ? ["is gone from the servers: it was deleted outside this program"] : [],
      };
    case "update": {
      const wanted = stepDown(kind.fields, target!, toWire(kind.fields, deployed!));
      const fields = fieldChanges(kind, deployed!, wanted, seen && argsOf(seen));
      if (kind === consumerKind && madeAnew.has(idOf(streamKind, { account: target!.account, name: target!.stream }))) {
        return {
          ...base,
          action: "replace",
          wanted,
          fields,
          notes: ["goes with its stream, which is made anew"],
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
        refusals: newState!.protect || base.isRetained ? [`is retained, so it cannot be made anew; ${unprotect}`] : [],
      };
    case "delete":
      return {
        ...base,
        action: "delete",
        refusals: oldState!.protect
          ? [
              `is protected, so the engine does not take it out; to delete it, ${unprotect}; to leave it to itself, pulumi state unprotect`,
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

/** What becomes of an entry that is there, or was, to have something deleted. */
function absenceOf(
  op: string,
  base: Omit<PlannedChange, "action">,
  target: Args | undefined,
): PlannedChange | undefined {
  const { kind, deployed } = base;
  if (op === "delete") return { ...base, action: "state", notes: ["was deleted when its tenant left"] };
  if (op !== "create" && op !== "update") return undefined;
  if (!target!.absent)
    return { ...base, action: "create", wanted: target, notes: ["its tenant stays after all; what was in it is lost"] };
  if (!deployed || deployed.absent)
    return { ...base, action: "state", wanted: target, notes: ["is not to be there, and is not"] };
  const isCarried = kind === consumerKind;
  return {
    ...base,
    action: "delete",
    wanted: target,
    notes: [isCarried ? "goes with its stream" : "its tenant leaves"],
    isRetained: false,
    isCarried,
  };
}

const unprotect = 'first bring it up with deletionPolicy: "delete"';

function policyChange(before: State, after: State): FieldChange[] {
  const [from, to] = [policyOf(before), policyOf(after)];
  return from === to ? [] : [{ field: "deletionPolicy", from, to }];
}

/** `retain` is told by the engine's options, the other two by the arguments. */
const policyOf = ({ protect, inputs }: State): unknown => (protect ? "retain" : (inputs?.deletionPolicy ?? "delete"));

/** The arguments that a state holds: those that were applied, which are its outputs, where it has any. */
function argsOf({ inputs, outputs }: Pick<State, "inputs" | "outputs">): Args {
  const { __provider: _, [nonceKey]: __, ...args } = outputs ?? inputs ?? {};
  return args;
}

/** What servers would hear of. */
function fieldChanges(kind: AssetKind, deployed: Args, wanted: Args, seen: Args | undefined): FieldChange[] {
  const wire = (args: Args) => toWire(kind.fields, args);
  const drifted = new Set(seen ? changesOf(kind.fields, wire(seen), wire(deployed)).map(({ field }) => field) : []);
  return [
    ...changesOf(kind.fields, wire(deployed), wire(wanted))
      .filter((change) => isOwnChange(kind, change, deployed, wanted))
      .map(({ field, from, to }): FieldChange => ({ field, from, to, ...(drifted.has(field) && { isDrift: true }) })),
    ...argumentChanges(deployed, wanted).filter(({ field }) => sentBeside.includes(field)),
  ];
}

/** Arguments that reach the server and are no field of the configuration. */
const sentBeside = ["extraConfig", "resetTo"];

const argumentChanges = (deployed: Args, wanted: Args): FieldChange[] =>
  [...new Set([...Object.keys(deployed), ...Object.keys(wanted)])]
    .filter((key) => key !== "deletionPolicy" && !isDeepStrictEqual(deployed[key], wanted[key]))
    .map((field) => ({ field, from: deployed[field], to: wanted[field] }));

/** Labels that follow from other fields change with those. */
function isOwnChange(kind: AssetKind, { field }: Change, deployed: Args, wanted: Args): boolean {
  const { derived } = kind.fields.find(({ arg }) => arg === field)!;
  return !derived || !isDeepStrictEqual(deployed[field], wanted[field]);
}

const stepNotes = (target: Args, applied: Args): string[] =>
  Object.keys((target.lowerBy as Args | undefined) ?? {}).flatMap((key) =>
    target[key] === applied[key] ? [] : [`${key} goes down to ${String(target[key])} step by step, one an up`],
  );
