import { bucketsOf } from "../assets/buckets";
import { withStandardParts } from "../assets/standard-parts";
import * as z from "zod";
import type { Tenants } from "../assets/asset";
import { joinPath, parse, type Problem, suggestKnown, unknownName } from "../problems";
import { type Failover, failover } from "../schema/failover";
import type { StreamSpec } from "../schema/tenant";

/**
 * Every mistake in `supercluster:failover`. `tenants`: those that the stack reconciles; `path`: where the setting
 * stands. An entry that fails its schema is still checked for its key.
 */
export function failoverProblems(raw: unknown, tenants: Tenants, path: string): Problem[] {
  const { value = {}, problems } = parse(z.record(z.string(), z.unknown()).optional(), raw, path);
  return [
    ...problems,
    ...Object.entries(value).flatMap(([key, entry]) => {
      const parsed = parse(failover, entry, joinPath(path, key));
      return [...parsed.problems, ...entryProblems(key, parsed.value, tenants, [path, key])];
    }),
  ];
}

/**
 * Fields that a stream must not have in order to fail over: its mirror lacks them, or could not give back what it got.
 */
const excluded: { field: keyof StreamSpec; reason: string }[] = [
  { field: "mirror", reason: "it takes no messages but those of another tenant's stream" },
  { field: "sources", reason: "its sources would be copied to the mirror again from their start" },
  { field: "subjectTransform", reason: "what comes back would be renamed again" },
  { field: "allowMsgSchedules", reason: "a stream with schedules cannot take back what the mirror received" },
  { field: "allowMsgCounter", reason: "a mirror cannot become a stream of counters" },
  { field: "sealed", reason: "it receives nothing that the mirror would have to take over" },
];

function entryProblems(key: string, entry: Failover | undefined, tenants: Tenants, path: string[]): Problem[] {
  const [account = "", name = "", more] = key.split("/");
  const at = joinPath(...path);
  if (!name || more !== undefined)
    return [{ path: at, message: `${JSON.stringify(key)} is not a stream; write "<account>/<stream>"` }];
  const tenant = tenants[account];
  if (!tenant) return [{ path: at, message: unknownName(account, "a tenant of this stack", Object.keys(tenants)) }];
  const stream = tenant.streams[name];
  if (!stream) return [{ path: at, message: unknownName(name, `a stream of ${account}`, Object.keys(tenant.streams)) }];
  if (bucketsOf(tenant).some((bucket) => bucket.stream === name))
    return [
      {
        path: at,
        message:
          `${name} is a bucket, which clients find by its name, so no mirror can take its place: ` +
          "mirrors answer reads while its region is lost, and it moves with its home; leave it out",
      },
    ];
  const unfit = excluded
    .filter(({ field }) => stream[field])
    .slice(0, 1)
    .map(({ field, reason }) => ({ path: at, message: `${name} has ${field}, so it cannot fail over: ${reason}` }));
  if (!entry) return unfit;
  const { to, consumers } = entry;
  const mirrors = Object.keys(stream.mirrors ?? {});
  // Those of lanes, too.
  const durables = Object.entries(withStandardParts(tenant).consumers).flatMap(([durable, { streams }]) =>
    streams.includes(name) ? [durable] : [],
  );
  return [
    ...unfit,
    ...[to]
      .filter((region) => !mirrors.includes(region))
      .map((region) => ({
        path: joinPath(...path, "to"),
        message: `${name} has no mirror in ${JSON.stringify(region)}; ${suggestKnown(region, mirrors)}`,
      })),
    ...Object.keys(consumers)
      .filter((durable) => !durables.includes(durable))
      .map((durable) => ({
        path: joinPath(...path, "consumers", durable),
        message: unknownName(durable, `a durable of ${name}`, durables),
      })),
  ];
}
