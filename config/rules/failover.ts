import * as z from "zod";
import type { Tenants } from "../assets/asset";
import { suggestKnown, joinPath, parse, type Problem } from "../problems";
import { type Failover, failover } from "../schema/failover";
import type { StreamSpec } from "../schema/tenant";

/** Every mistake in the setting; `tenants` are those that the stack reconciles. */
export function failoverProblems(raw: unknown, tenants: Tenants, path: string): Problem[] {
  const { value = {}, problems } = parse(z.record(z.string(), z.unknown()).optional(), raw, path);
  return [
    ...problems,
    ...Object.entries(value).flatMap(([key, one]) => {
      const parsed = parse(failover, one, joinPath(path, key));
      return [...parsed.problems, ...problemsOfOne(key, parsed.value, tenants, [path, key])];
    }),
  ];
}

/** What a stream cannot have and fail over; the mirror would lack it, or could not give back what it got. */
const hindrances: { field: keyof StreamSpec; reason: string }[] = [
  { field: "sources", reason: "its sources would be copied to the mirror again from their start" },
  { field: "allowMsgSchedules", reason: "servers let no stream with schedules take back what the mirror got" },
  { field: "allowMsgCounter", reason: "a mirror cannot become a stream of counters" },
  { field: "sealed", reason: "nothing comes into it that a mirror could take" },
];

/** What is wrong with the stream that is named, and, where the entry has passed its schema, with what is said of it. */
function problemsOfOne(key: string, entry: Failover | undefined, tenants: Tenants, path: string[]): Problem[] {
  const [account = "", name = "", more] = key.split("/");
  const at = joinPath(...path);
  if (!name || more !== undefined) return [{ path: at, message: `${JSON.stringify(key)}: write "<account>/<stream>"` }];
  const tenant = tenants[account];
  if (!tenant)
    return [
      {
        path: at,
        message: `${JSON.stringify(account)} is no tenant of this stack; ${suggestKnown(account, Object.keys(tenants))}`,
      },
    ];
  const stream = tenant.streams[name];
  if (!stream)
    return [
      {
        path: at,
        message: `${JSON.stringify(name)} is no stream of ${account}; ${suggestKnown(name, Object.keys(tenant.streams))}`,
      },
    ];
  const mirrors = Object.keys(stream.mirrors ?? {});
  const durables = Object.keys(tenant.consumers).filter((durable) => tenant.consumers[durable]!.streams.includes(name));
  const hindrance = hindrances.find(({ field }) => stream[field]);
  const unfit = hindrance
    ? [{ path: at, message: `${name} has ${hindrance.field}, so it cannot fail over: ${hindrance.reason}` }]
    : [];
  if (!entry) return unfit;
  const { to, consumers } = entry;
  return [
    ...unfit,
    ...(mirrors.includes(to)
      ? []
      : [
          {
            path: joinPath(...path, "to"),
            message: `${name} has no mirror in ${JSON.stringify(to)}; ${suggestKnown(to, mirrors)}`,
          },
        ]),
    ...Object.keys(consumers)
      .filter((durable) => !durables.includes(durable))
      .map((durable) => ({
        path: joinPath(...path, "consumers", durable),
        message: `${JSON.stringify(durable)} is no durable of ${name}; ${suggestKnown(durable, durables)}`,
      })),
  ];
}
