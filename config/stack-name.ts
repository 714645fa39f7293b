import type { StackSettings } from "./schema/settings";

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
