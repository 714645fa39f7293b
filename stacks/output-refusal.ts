import { isDeepStrictEqual } from "node:util";

/**
 * Why an output of another stack cannot be used, if so.
 *
 * @param outputs undefined where there is no such stack
 */
export function outputRefusal<T>(
  outputs: Record<string, unknown> | undefined,
  {
    reader,
    stack,
    output,
    lacks = () => [],
  }: { reader: string; stack: string; output: string; lacks?: (value: T) => string[] },
): string | undefined {
  const bringUp = `pulumi up --stack ${stack}`;
  if (!outputs || Object.keys(outputs).length === 0)
    return `stack ${reader} needs ${stack} deployed first: ${bringUp}.`;
  if (!(output in outputs))
    return `stack ${reader} needs output ${output} of ${stack}, which was deployed without it: ${bringUp}.`;
  if (isElided(outputs[output]))
    return (
      `stack ${reader} cannot decrypt output ${output} of ${stack}: ` +
      "give both the same secrets provider or passphrase (pulumi stack change-secrets-provider)."
    );
  const lacking = lacks(outputs[output] as T);
  return lacking.length
    ? `stack ${reader} needs ${lacking.join(", ")} of ${stack}, which was deployed without: ${bringUp}.`
    : undefined;
}

/** The engine replaces a secret that it cannot decrypt by an empty object, with no more than a line in its output. */
const isElided = (value: unknown): boolean => isDeepStrictEqual(value, {});
