import type { ServerRecord } from "./record";

/** Something about a running server that is not as it was left. */
export interface Drift {
  /** To be read after the server's name. */
  what: string;
  /** Whether only a restart fixes it, because it is not known what the server runs with. */
  restart: boolean;
}

/** What was found about a running server. */
export interface Observation {
  /** Names of its files whose content on disk is not what was recorded. */
  changedFiles: string[];
  /** Digest of the configuration in force, as the server reports it; undefined: it does not answer. */
  digest?: string;
  /** Version of the installed nats-server. */
  installed: string;
  /** Whether the engine knows what it runs with. */
  isKnown: boolean;
}

/** How a running server differs from its record: its files, its configuration in force, the installed program. */
export function driftOf(
  { applied, digest, reloading, stopping }: Omit<ServerRecord, "process">,
  { changedFiles, digest: inForce, installed, isKnown }: Observation,
): Drift[] {
  const drift: [found: boolean, what: string, restart: boolean][] = [
    [changedFiles.length > 0, `changed on disk: ${changedFiles.join(", ")}`, false],
    [inForce === undefined, "it does not answer", true],
    [
      inForce !== undefined && digest !== undefined && inForce !== digest,
      reloading ? "a reload of it was interrupted" : "it runs with another configuration",
      !reloading,
    ],
    [stopping ?? false, "it was being stopped", true],
    [!isKnown, "it was changed by a run that was interrupted", false],
    [installed !== applied.version, `version ${applied.version} runs, ${installed} is installed`, false],
  ];
  return drift.flatMap(([found, what, restart]) => (found ? [{ what, restart }] : []));
}
