import type { ResourceRule } from "../rule";

export const chartValuesAreSettings: ResourceRule<string[]> = {
  name: "chart-values-are-settings",
  description: "No value of the chart is overridden directly.",
  severity: "low",
  enforcementLevel: "advisory",
  why:
    "The chart gets kubernetes.values as they are: it ignores misspelt keys in silence, its next version may have " +
    "other keys, and other policies do not see what a patch changes.",
  remediation:
    "Write a setting of kubernetes where there is one; otherwise except the path in policies/settings.ts, " +
    "with the reason",
  types: ["pulumi-nodejs:dynamic/kubernetes:Rollout"],
  setting: {
    name: "except",
    description: "Paths that may be overridden, e.g. `config.merge.write_deadline`.",
    schema: { type: "array", items: { type: "string" } },
    default: [],
  },
  violations({ name, inputs }, excepted) {
    const overrides = ((inputs.overrides ?? []) as string[]).filter((path) => !excepted.includes(path));
    return overrides.length ? [`${name} overrides ${overrides.join(", ")} by kubernetes.values`] : [];
  },
};
