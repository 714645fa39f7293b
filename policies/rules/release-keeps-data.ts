import { dataLossOf, serverProblems } from "../../config/server-problems";
import type { ResourceRule } from "../rule";
import { releaseType, valuesOf } from "../servers";

export const releaseKeepsData: ResourceRule<string[]> = {
  name: "release-keeps-data",
  description: "No server runs a release that is known to lose data.",
  severity: "critical",
  enforcementLevel: "mandatory",
  why: `${serverProblems
    .filter(({ kind }) => kind === "loses data")
    .map(({ from, before, what, source }) => `${from} and later, before ${before}: ${what} (${source})`)
    .join("; ")}. The chart's own default is one of them.`,
  remediation: "Use a later release (kubernetes.images.nats.tag; tools/pins.mjs names the tested one)",
  types: [releaseType],
  setting: {
    name: "releases",
    description: "More releases that must not be deployed, e.g. `2.14.5`.",
    schema: { type: "array", items: { type: "string" } },
    default: [],
  },
  violations(resource, releases) {
    const image = valuesOf(resource)?.container?.image;
    const [release = ""] = /^\d+\.\d+\.\d+/.exec(image?.tag ?? "") ?? [];
    const reason = dataLossOf(release)?.what ?? (releases.includes(release) ? "it must not be deployed" : undefined);
    return reason ? [`${resource.name} would run nats-server ${release}: ${reason}`] : [];
  },
};
