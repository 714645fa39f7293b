import type { Problem } from "../../config/problems";
import type { Environment } from "../../config/schema/settings";
import { missingSupplied, setCommand, suppliedKeys } from "../../config/supplied-keys";
import type { ProjectFiles } from "../../engine/project";

/**
 * What the identity stack's file lacks of authorities that are not made here. Whether they can be used is checked by
 * the stack, which can decrypt them. Pure.
 */
export function suppliedProblems(
  project: Pick<ProjectFiles, "name" | "stacks">,
  identity: string,
  { authorities }: Pick<Environment, "authorities">,
): Problem[] {
  const { config = {} } = (project.stacks[identity] ?? {}) as { config?: Record<string, unknown> };
  return Object.entries(authorities).flatMap(([whose, { supplied = [] }]) =>
    supplied.flatMap((generation) => {
      const keys = suppliedKeys(whose, generation);
      const [cert, key] = [keys.cert, keys.key].map((name) => config[`${project.name}:${name}`]);
      const isPlain = key !== undefined && !(Object(key) as { secure?: string }).secure;
      const messages = [
        ...missingSupplied(identity, keys, { cert, key }),
        ...(isPlain
          ? [
              `${keys.key} is not encrypted. Whoever reads the file has that key: make another authority, and run: ` +
                setCommand(identity, keys.key, "ca.key"),
            ]
          : []),
      ];
      return messages.map((message) => ({ path: `Pulumi.${identity}.yaml: config`, message }));
    }),
  );
}
