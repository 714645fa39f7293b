import type { ConsumerArguments } from "../config/rules/arguments/consumer";
import type { Environment } from "../config/schema/settings";
import { copiedTenant } from "../config/assets/copies";
import { parkedSubject } from "../config/assets/standard";
import type { StreamArguments } from "../config/rules/arguments/stream-rule";
import type { Resource } from "./resource";

/** What rules see of streams and consumers. */

export const streamType = "pulumi-nodejs:dynamic/nats:Stream";
export const consumerType = "pulumi-nodejs:dynamic/nats:Consumer";

export interface StreamResource {
  resource: Resource;
  /** `<account>/<stream>`. */
  key: string;
  args: StreamArguments & { account: string; region: string };
}

export interface ConsumerResource {
  resource: Resource;
  /** `<account>/<stream>/<consumer>`. */
  key: string;
  /** Of its stream. */
  stream: string;
  args: ConsumerArguments & { account: string; stream: string };
}

export function streamOf(resource: Resource): StreamResource {
  const args = typedInputs<StreamResource["args"]>(resource, "account", "name");
  return { resource, key: `${args.account}/${args.name}`, args };
}

export function consumerOf(resource: Resource): ConsumerResource {
  const args = typedInputs<ConsumerResource["args"]>(resource, "account", "stream", "name");
  const stream = `${args.account}/${args.stream}`;
  return { resource, key: `${stream}/${args.name}`, stream, args };
}

/**
 * The inputs of a resource as their type, after a check that those which identify it exist. The others are not
 * checked again: the program has parsed them with the same schemas.
 *
 * @throws where an identifying input is not a text
 */
function typedInputs<Args>({ name, inputs }: Resource, ...identifying: (keyof Args & string)[]): Args {
  const missing = identifying.filter((key) => typeof inputs[key] !== "string");
  if (missing.length) throw new Error(`${name} has no ${missing.join(" and no ")}`);
  return inputs as Args;
}

/** The streams and consumers of a stack; streams also by their keys. */
export function jetstreamResources(resources: readonly Resource[]) {
  const streams = resources.filter(({ type }) => type === streamType).map(streamOf);
  const consumers = resources.filter(({ type }) => type === consumerType).map(consumerOf);
  return { streams, consumers, byKey: new Map(streams.map((stream) => [stream.key, stream])) };
}

/** The environment that the jetstream stack's provider is configured with; undefined if there is none. */
export function environmentOf({
  provider = {},
}: Resource): Pick<Environment, "target" | "servers" | "storage" | "byRegion"> | undefined {
  const key = Object.keys(provider).find((name) => name.endsWith(":environment"));
  return key === undefined ? undefined : (JSON.parse(String(provider[key])) as ReturnType<typeof environmentOf>);
}

/** Whether a resource belongs to a local environment. An unknown environment counts as production. */
export const isLocal = (resource: Resource): boolean => environmentOf(resource)?.target === "local";

/** Subjects that a consumer asks for; all, if it has no filter. */
export const filtersOf = ({ args: { filterSubject, filterSubjects } }: ConsumerResource): string[] =>
  filterSubjects ?? [filterSubject ?? ">"];

/** Subjects of the messages that a stream holds; undefined if its stack does not show them. */
export function subjectsOf(stream: StreamResource, byKey: ReadonlyMap<string, StreamResource>): string[] | undefined {
  const { account, name, mirror, sources, subjectTransform, subjects = [] } = stream.args;
  // Messages from before it was parked keep their subjects.
  if (sources?.length || subjectTransform || subjects.includes(parkedSubject(name))) return undefined;
  if (mirror === undefined) return subjects.length ? subjects : [name];
  const origin = originOf(stream, byKey);
  const isRenamed = typeof mirror === "object" && !!mirror.subjectTransforms?.length;
  return origin && origin.key !== `${account}/${name}` && !isRenamed ? subjectsOf(origin, byKey) : undefined;
}

/** The stream that a mirror or source of an account copies, if it is one of its stack, of whichever account. */
export function copiedBy(
  account: string,
  source: NonNullable<StreamArguments["mirror"]>,
  byKey: ReadonlyMap<string, StreamResource>,
): StreamResource | undefined {
  const { name, external } = typeof source === "string" ? { name: source } : source;
  const owner = external ? copiedTenant({ external }) : account;
  return owner === undefined ? undefined : byKey.get(`${owner}/${name}`);
}

/** The stream that a mirror copies, if it is one of its stack. */
export function originOf(
  { args: { account, mirror } }: StreamResource,
  byKey: ReadonlyMap<string, StreamResource>,
): StreamResource | undefined {
  return mirror === undefined ? undefined : copiedBy(account, mirror, byKey);
}

/** Whether a name like `account/stream` is one of those excepted; `*` stands for any part. */
export const isExcepted = (key: string, excepted: readonly string[]): boolean =>
  excepted.some(
    (pattern) =>
      pattern.split("/").length === key.split("/").length &&
      pattern.split("/").every((part, index) => part === "*" || part === key.split("/")[index]),
  );

/** The setting of a rule from which something is excepted. */
export const exceptions = (what: string, example: string) => ({
  name: "except",
  description: `${what} that are excepted, e.g. \`${example}\`; \`*\` stands for any part.`,
  schema: { type: "array" as const, items: { type: "string" as const } },
  default: [] as string[],
});
