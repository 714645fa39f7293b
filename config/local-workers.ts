/**
 * Environment variable of a run on a local environment: whether its workers run on this machine. Absent: as they were
 * deployed last.
 */
export const localWorkers = "SUPERCLUSTER_LOCAL_WORKERS";

export const localWorkersAs = (run: boolean | undefined): Record<string, string> =>
  run === undefined ? {} : { [localWorkers]: run ? "1" : "0" };
