import { createHash, randomUUID } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";

/** Files of one server by name, relative to its folder. */
export type Files = Record<string, string>;

/** Writes a file atomically, if its content differs; mode 0600, its folders 0700. */
export async function write(file: string, content: string): Promise<void> {
  if ((await read(file)) === content) return;
  await fs.mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const part = `${file}.${randomUUID()}.part`;
  await fs.writeFile(part, content, { mode: 0o600, flush: true });
  await fs.rename(part, file);
}

export async function writeAll(folder: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) await write(path.join(folder, name), content);
}

/** Content of a file, or undefined where there is none. */
export async function read(file: string): Promise<string | undefined> {
  try {
    return await fs.readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export const remove = (file: string): Promise<void> => fs.rm(file, { recursive: true, force: true });

export const fingerprint = (content: string): string => createHash("sha256").update(content).digest("hex");

/** Names of the files whose content on disk has another fingerprint. */
export async function changedOnDisk(folder: string, fingerprints: Record<string, string>): Promise<string[]> {
  const found = await Promise.all(
    Object.entries(fingerprints).map(async ([name, expected]) => {
      const content = await read(path.join(folder, name));
      return content !== undefined && fingerprint(content) === expected ? [] : [name];
    }),
  );
  return found.flat();
}
