import * as z from "zod";
import { labelKey, labels, labelValue, objectName } from "./kubernetes-values";
import { strictObject } from "../problems";

/**
 * Where Kubernetes may run servers: parts of a pod's specification, in its own form and by its own rules (pkg/apis/core
 * and its validation). A change of any of them restarts the servers, one after another.
 */

const operators = (others: readonly string[]) => z.enum(["In", "NotIn", "Exists", "DoesNotExist", ...others]);

/** Conditions on labels. `In` and `NotIn` have values, `Gt` and `Lt` one whole number, the others none. */
const expression = (others: readonly string[] = []) =>
  strictObject({
    key: labelKey,
    operator: operators(others),
    values: z.array(z.string()).optional(),
  }).superRefine(({ operator, values = [] }, context) => {
    const message = valuesProblem(operator, values);
    if (message) context.addIssue({ code: "custom", path: ["values"], message });
  });

function valuesProblem(operator: string, values: readonly string[]): string | undefined {
  if (operator === "In" || operator === "NotIn")
    return values.length ? undefined : `are missing, and operator ${operator} compares with them; write one or more`;
  if (operator === "Gt" || operator === "Lt")
    return values.length === 1 && /^-?\d+$/.test(values[0]!)
      ? undefined
      : `${JSON.stringify(values)} cannot be compared by operator ${operator}; write one whole number, in quotes`;
  return values.length ? `are not compared by operator ${operator}; remove them` : undefined;
}

const nodeTerm = strictObject({
  matchExpressions: z.array(expression(["Gt", "Lt"])).optional(),
  /** By fields of the node: only `metadata.name`. */
  matchFields: z
    .array(
      strictObject({
        key: z.literal("metadata.name"),
        operator: z.enum(["In", "NotIn"]),
        values: z.array(objectName).length(1),
      }),
    )
    .optional(),
});

const selector = strictObject({
  matchLabels: labels.optional(),
  matchExpressions: z.array(expression()).optional(),
});

const podTerm = strictObject({
  topologyKey: labelKey,
  labelSelector: selector.optional(),
  matchLabelKeys: z.array(labelKey).optional(),
  mismatchLabelKeys: z.array(labelKey).optional(),
  namespaces: z.array(objectName).optional(),
  namespaceSelector: selector.optional(),
});

const weight = z.int().min(1).max(100);

const podTerms = strictObject({
  requiredDuringSchedulingIgnoredDuringExecution: z.array(podTerm).optional(),
  preferredDuringSchedulingIgnoredDuringExecution: z
    .array(strictObject({ weight, podAffinityTerm: podTerm }))
    .optional(),
});

/** Terms of `podAntiAffinity` are added to those of `antiAffinity`. */
export const affinity = strictObject({
  nodeAffinity: strictObject({
    requiredDuringSchedulingIgnoredDuringExecution: strictObject({
      nodeSelectorTerms: z.array(nodeTerm).min(1),
    }).optional(),
    preferredDuringSchedulingIgnoredDuringExecution: z.array(strictObject({ weight, preference: nodeTerm })).optional(),
  }).optional(),
  podAffinity: podTerms.optional(),
  podAntiAffinity: podTerms.optional(),
});

/** A taint of nodes that servers accept. Without a key: every taint, which `operator: Exists` must then confirm. */
export const toleration = strictObject({
  key: labelKey.optional(),
  operator: z.enum(["Equal", "Exists"]).optional(),
  value: labelValue.optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
  /** How long a server stays on a node that gets the taint. Default: without limit. */
  tolerationSeconds: z.int().optional(),
}).superRefine(({ key, operator = "Equal", value, effect, tolerationSeconds }, context) => {
  const add = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
  if (key === undefined && operator !== "Exists")
    add("operator", 'must be "Exists" where there is no key; write a key, or "Exists" for every taint');
  if (operator === "Exists" && value)
    add("value", `${JSON.stringify(value)} is not compared by operator Exists; remove one of the two`);
  if (tolerationSeconds !== undefined && effect !== "NoExecute")
    add("tolerationSeconds", `${tolerationSeconds} needs effect "NoExecute"; write that, or remove it`);
});
