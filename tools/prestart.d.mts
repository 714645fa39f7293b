import type { Log } from "./log.mjs";

/** Installs the npm packages of package-lock.json into `project`, unless they are there. */
export function ensurePackages(options?: {
  project?: string;
  cache?: string;
  log?: Log;
  npmCi?: (project: string) => void | Promise<void>;
}): Promise<void>;

/** Fails unless npm scripts run on a Node.js that Pulumi's SDK runs on. */
export function checkNode(options?: { project?: string; version?: string }): void;
