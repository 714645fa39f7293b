import { renameSync, writeFileSync } from "node:fs";

/** Writes a file of the project: a concurrent reader finds the old text or the new one. */
export function replaceFile(file: string, text: string): void {
  const next = `${file}.${process.pid}.next`;
  writeFileSync(next, text);
  renameSync(next, file);
}
