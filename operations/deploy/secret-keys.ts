import type { ProjectFiles } from "../../engine/project";
import { backendUrlOf } from "./state-safety";

/**
 * Pulumi writes into a stack's file what its secrets are encrypted with when it creates the stack: `encryptionsalt` for
 * a passphrase, `encryptedkey` for a key service. Pulumi Cloud keeps it itself. Pure.
 */

const hasKey = (file: unknown): boolean => ["encryptionsalt", "encryptedkey"].some((key) => key in Object(file));

/** Files that creating these stacks changes. */
export function filesToBeWritten(
  stacks: string[],
  project: Pick<ProjectFiles, "stacks" | "backendUrl">,
  env: NodeJS.ProcessEnv = process.env,
): string[] {
  const isCloud = /^https?:/.test(backendUrlOf(project, env) ?? "");
  return stacks.flatMap((stack) => {
    const file = project.stacks[stack];
    const isKept = isCloud && !(Object(file) as { secretsprovider?: string }).secretsprovider;
    return hasKey(file) || isKept ? [] : [`Pulumi.${stack}.yaml`];
  });
}

/** Files that have got their key between two readings of the project. */
export const filesWritten = (
  stacks: string[],
  before: Pick<ProjectFiles, "stacks">,
  after: Pick<ProjectFiles, "stacks">,
): string[] =>
  stacks.flatMap((stack) =>
    !hasKey(before.stacks[stack]) && hasKey(after.stacks[stack]) ? [`Pulumi.${stack}.yaml`] : [],
  );

/** Announces it, before it happens. */
export const willBeWritten = (files: string[]): string =>
  `Pulumi writes what the secrets of new stacks are encrypted with into their files: ${files.join(", ")}. ` +
  "Commit them afterwards, to the repository of this project: without them nothing that reads these stacks works.";

/** Asks for the commit. */
export const toBeCommitted = (files: string[]): string =>
  [
    "commit what the secrets of the new stacks are encrypted with; another clone cannot deploy them without it:",
    `  git add ${files.join(" ")} && git commit -m "Keys of the stacks' secrets"`,
  ].join("\n");
