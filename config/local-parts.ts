/** What can run beside the servers of a local environment. Left out: as it was deployed last. */
export interface LocalParts {
  /** The workers of tenants. */
  workers?: boolean;
  /** Exporters, Prometheus and Alertmanager. */
  monitoring?: boolean;
}

/** Environment variables of a run that say whether a part runs. */
const variables: Record<keyof LocalParts, string> = {
  workers: "SUPERCLUSTER_LOCAL_WORKERS",
  monitoring: "SUPERCLUSTER_LOCAL_MONITORING",
};

/** The environment variables of a run that was asked for these parts. */
export const localPartsAs = (parts: LocalParts): Record<string, string> =>
  Object.fromEntries(
    Object.entries(variables).flatMap(([part, variable]) => {
      const run = parts[part as keyof LocalParts];
      return run === undefined ? [] : [[variable, run ? "1" : "0"]];
    }),
  );

/** Whether this run was asked to run a part; undefined: it says nothing of it. */
export function isAskedFor(part: keyof LocalParts): boolean | undefined {
  const asked = process.env[variables[part]];
  return asked === undefined ? undefined : asked === "1";
}
