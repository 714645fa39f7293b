export interface Entry {
  name: string;
  path: string;
  version: string;
  pin: string;
  how: "PATH" | "official release" | "built with Go" | "npm package" | "plugin folder" | "offline stand-in";
  sha256?: string;
  size?: number;
  mtimeMs?: number;
}
export function cacheFolder(env?: NodeJS.ProcessEnv): string;
export function makePrivateFolder(folder: string): string;
export function readRecord(cache?: string): Record<string, Entry>;
export function writeRecord(cache: string, tools: Record<string, Entry>): void;
export function entryFor(name: string, file: string, facts: Pick<Entry, "version" | "pin" | "how">): Entry;
export function isUnchanged(entry: Entry): boolean;
