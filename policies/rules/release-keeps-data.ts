import type { ResourceRule } from "../rule";
import { releaseType, valuesOf } from "../servers";

/** What is lost, by release: issues and commits of nats-io/nats-server. */
const losing: Record<string, string> = {
  "2.12.14": "creating a stream that already exists can lose its messages (#8449)",
  "2.14.0": "a failed update of a stream deletes its Raft state (956c125)",
  "2.14.1": "a failed update of a stream deletes its Raft state (956c125)",
  "2.14.2": "a failed update of a stream deletes its Raft state (956c125)",
  "2.14.4": "creating a stream that already exists can lose its messages (#8449)",
};

export const releaseKeepsData: ResourceRule<string[]> = {
  name: "release-keeps-data",
  description: "No server runs a release that is known to lose data.",
  severity: "critical",
  enforcementLevel: "mandatory",
  why: `${Object.entries(losing)
    .map(([release, what]) => `${release}: ${what}`)
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
    const reason = losing[release] ?? (releases.includes(release) ? "it must not be deployed" : undefined);
    return reason ? [`${resource.name} would run nats-server ${release}: ${reason}`] : [];
  },
};
