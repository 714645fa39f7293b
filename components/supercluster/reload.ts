import { isDeepStrictEqual } from "node:util";
import { isObject } from "../../config/objects";
import type { ServerConfig } from "./server-config";

/** What a server runs with, or should. */
export interface ServerState {
  config: ServerConfig;
  /** Files beside the configuration: name to any fingerprint of the content. */
  files: Record<string, string>;
  /** Version of nats-server. */
  version: string;
}

export interface Decision {
  /** `reload`: SIGHUP is enough. `restart`: the server would reject the whole reload, or never see the change. */
  action: "none" | "reload" | "restart";
  /** Paths that differ and need the action: `gateway.gateways`, `accounts.conf`, `version`. */
  causes: string[];
}

interface ReloadableSetting {
  /** Path in the configuration, or name of a file; a last `*` stands for any rest. */
  path: string;
  /** Only for such a change. Default: any. */
  when?: (before: unknown, after: unknown) => boolean;
}

const increased: ReloadableSetting["when"] = (before, after) => Number(after) > Number(before);

/**
 * What a nats-server applies on SIGHUP (server/reload.go of 2.14, each row tried on a real server). All else needs a
 * restart: one change that is not here makes the server reject everything in the file.
 */
export const reloadable: readonly ReloadableSetting[] = [
  { path: "accounts.conf" },
  { path: "tls/*" },
  { path: "max_payload" },
  { path: "pid_file" },
  { path: "tls.*" },
  { path: "cluster.routes" },
  { path: "cluster.compression" },
  { path: "cluster.no_advertise" },
  { path: "cluster.tls.*" },
  { path: "gateway.tls.*" },
  { path: "jetstream.max_file_store", when: increased },
  { path: "jetstream.max_memory_store", when: increased },
];

/** What it takes to bring a running server to the wanted state, and why. */
export function classify(running: ServerState, wanted: ServerState): Decision {
  const changes = [
    ...changesOf(running.config, wanted.config, []),
    ...changesOf(running.files, wanted.files, []),
    ...changesOf({ version: running.version }, { version: wanted.version }, []),
  ];
  const restarts = changes.filter((change) => !reloadable.some((row) => matches(row, change)));
  if (restarts.length) return { action: "restart", causes: restarts.map(({ path }) => path) };
  return { action: changes.length ? "reload" : "none", causes: changes.map(({ path }) => path) };
}

/**
 * A configuration without what a running server can reload: where two of them differ, a restart is needed. What can
 * only be reloaded in one direction is left out too, as one configuration does not show which it was: see `isLowered`.
 */
export function withoutReloadable(config: ServerConfig): object {
  const strip = (value: unknown, at: string[]): unknown => {
    if (!isObject(value)) return value;
    const kept = Object.entries(value).filter(
      ([key]) =>
        !reloadable.some((row) =>
          matches({ ...row, when: undefined }, { path: [...at, key].join("."), before: undefined, after: undefined }),
        ),
    );
    return Object.fromEntries(kept.map(([key, inner]) => [key, strip(inner, [...at, key])]));
  };
  return strip(config, []) as object;
}

/** What a server gives to JetStream, in bytes. */
export interface StoreLimits {
  file: number;
  memory: number;
}

type ConfiguredLimits = Pick<ServerConfig["jetstream"], "max_file_store" | "max_memory_store">;

/**
 * Whether a server gives JetStream more than it should: a reload can only raise the limits, so it must be restarted.
 */
export const isLowered = (running: StoreLimits, { jetstream }: { jetstream: ConfiguredLimits }): boolean =>
  jetstream.max_file_store < running.file || jetstream.max_memory_store < running.memory;

interface Change {
  path: string;
  before: unknown;
  after: unknown;
}

function changesOf(before: unknown, after: unknown, path: string[]): Change[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isObject(before) || !isObject(after)) return [{ path: path.join("."), before, after }];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
    changesOf(before[key], after[key], [...path, key]),
  );
}

function matches({ path, when }: ReloadableSetting, change: Change): boolean {
  const parent = path.endsWith("*") ? path.slice(0, -1) : undefined;
  const same = parent === undefined ? path === change.path : change.path.startsWith(parent);
  return same && (when?.(change.before, change.after) ?? true);
}
