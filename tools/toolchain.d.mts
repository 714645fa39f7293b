import type { Releases } from "./pins.mjs";
import type { Log } from "./log.mjs";

export { ToolchainError } from "./log.mjs";
export { cacheFolder } from "./record.mjs";

/** Paths of executables by name: `pulumi`, `pulumi-language-nodejs`, `nats-server`, ... */
export type ToolPaths = Record<string, string>;

export interface EnsureOptions {
  /** Tools by name; what `npm start` needs when left out. `nats` and what only tests need are those to ask for. */
  tools?: string[];
  /** Forget what was found and look again. */
  again?: boolean;
  cache?: string;
  log?: Log;
  /** Variables of the caller: PATH, and whether stand-ins are refused. */
  env?: NodeJS.ProcessEnv;
  /** PATH to look on, instead of the caller's. */
  path?: string;
  /** Base addresses of official releases. */
  releases?: Releases;
  connectMs?: number;
}

/** Finds or installs tools and returns the path of each executable, by name. */
export function ensureToolchain(options?: EnsureOptions): Promise<ToolPaths>;

/** The recorded path of each executable, by name. Reads one small file and starts nothing. */
export function readToolchain(cache?: string): ToolPaths;

/**
 * The environment variables in which Pulumi and the tools run. Stand-ins are on PATH for local stacks only, and are
 * taken off it for every other.
 */
export function toolchainEnv(options?: { local?: boolean; cache?: string; env?: NodeJS.ProcessEnv }): {
  PATH: string;
  PULUMI_HOME: string;
  PULUMI_SKIP_UPDATE_CHECK: string;
  PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION?: string;
};

/** Runs a command of this folder: a known error is shown as its message, and the exit code is 1. */
export function run(command: () => Promise<void>): void;
