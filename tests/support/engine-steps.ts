import { isDeepStrictEqual } from "node:util";
import { resources as randomTypes } from "../../tools/offline/plugins/random";
import { resources as tlsTypes } from "../../tools/offline/plugins/tls";
import type { Resource } from "../../tools/offline/plugins/resource";
import { isComponent } from "./known-types";
import { type Registration, unsecret } from "./mocks";

/** What the engine does with one resource that is already deployed. */
export interface Step {
  op: "replace" | "delete";
  /** `<type>::<name>` */
  resource: string;
  name: string;
  /** Why: names of inputs, or that its provider wants it. */
  because: string[];
}

/** Registers what a stack's program asks for, with the outputs of these resources changed. */
export type Program = (replaced: ReadonlySet<string>) => Promise<Registration[]>;

const made: Record<string, Resource> = { ...randomTypes, ...tlsTypes };

/** Fields of a stream or durable that do not change in place are refused, unless the program allows the replacement. */
const assets = ["pulumi-nodejs:dynamic/nats:Stream", "pulumi-nodejs:dynamic/nats:Consumer"];

const keyOf = ({ type, name }: Registration): string => `${type}::${name}`;

/**
 * Replacements and deletions in an update of a stack from what was deployed to what its program registers now. What is
 * replaced has other outputs, which may replace what they are given to. Where this does not know which inputs a
 * provider changes in place, it takes every change for a replacement.
 *
 * @param due resources that their providers want to replace, such as a certificate that expires soon
 */
export async function stepsOf(
  before: readonly Registration[],
  program: Program,
  due: (resource: Registration) => boolean = () => false,
): Promise<Step[]> {
  const deployed = new Map(before.filter(({ type }) => type !== "pulumi:pulumi:Stack").map((one) => [keyOf(one), one]));
  let steps: Step[] = [];
  let known;
  do {
    known = steps.length;
    const after = await program(new Set(steps.map(({ resource }) => resource)));
    steps = [...replacements(deployed, after, due), ...deletions(deployed, after)];
  } while (steps.length > known);
  return steps;
}

const replacements = (
  deployed: ReadonlyMap<string, Registration>,
  after: readonly Registration[],
  due: (resource: Registration) => boolean,
): Step[] =>
  after.flatMap((resource) => {
    const old = deployed.get(keyOf(resource));
    const because = old && [...(due(old) ? ["is due"] : []), ...replacedBy(old, resource)];
    return because?.length ? [{ op: "replace" as const, resource: keyOf(resource), name: resource.name, because }] : [];
  });

function deletions(deployed: ReadonlyMap<string, Registration>, after: readonly Registration[]): Step[] {
  const kept = new Set(
    after.flatMap(({ type, name, options }) =>
      [name, ...((options.aliases ?? []) as { spec?: { name: string } }[]).map(({ spec }) => spec?.name)].map(
        (each) => `${type}::${each}`,
      ),
    ),
  );
  return [...deployed.keys()]
    .filter((key) => !kept.has(key))
    .map((key) => ({ op: "delete", resource: key, name: deployed.get(key)!.name, because: ["is not registered"] }));
}

/** The inputs of which a change replaces the resource. */
function replacedBy(old: Registration, { type, inputs }: Registration): string[] {
  if (isComponent(type) || assets.includes(type)) return [];
  const [from, to] = [unsecret(old.inputs), unsecret(inputs)] as Record<string, unknown>[];
  return [...new Set([...Object.keys(from!), ...Object.keys(to!)])].filter(
    (key) => !made[type]?.inputs[key]?.inPlace && !isDeepStrictEqual(from![key], to![key]),
  );
}
