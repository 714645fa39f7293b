import type { Environment, StackSettings } from "./schema/settings";

/** A stack's name: what it is, after its environment (production has no prefix). */
export function stackName(stack: StackSettings): string {
  const prefix = stack.environment === "production" ? "" : `${stack.environment}-`;
  return prefix + part(stack);
}

/** The stack's name without its environment. */
export function part(stack: StackSettings): string {
  if (stack.kind === "region") return stack.region;
  return stack.kind === "jetstream" && stack.team ? `jetstream--${stack.team}` : stack.kind;
}

/** The parts of an environment that determine which stacks it has. */
export type StackShape = Pick<Environment, "regions" | "jetstream">;

/** Names of the stacks of an environment, in the order they are deployed. */
export function stackNames(environment: string, { regions, jetstream }: StackShape): string[] {
  return [
    stackName({ environment, kind: "identity" }),
    ...regions.map((region) => stackName({ environment, kind: "region", region })),
    ...Object.keys(jetstream).map((part) => (environment === "production" ? part : `${environment}-${part}`)),
  ];
}

/** Stack names by what they are. */
export interface Stacks {
  identity: string;
  /** In the order of the environment's regions. */
  regions: string[];
  jetstream: string[];
}

/** The stacks of an environment. */
export function stacksOf(name: string, environment: StackShape): Stacks {
  const [identity, ...others] = stackNames(name, environment);
  const count = environment.regions.length;
  return { identity: identity!, regions: others.slice(0, count), jetstream: others.slice(count) };
}

/** All of them, in the order in which they are deployed. */
export const everyStack = ({ identity, regions, jetstream }: Stacks): string[] => [identity, ...regions, ...jetstream];
