/** Command lines that messages print for a person to run next. Pure. */

/**
 * A command of package.json on an environment: `npm run status -- --env production`. Without `--env` a command works on
 * `local`, so that is left out.
 */
export function npmRun(script: string, environment: string, options: readonly string[] = []): string {
  const all = [...options, ...(environment === "local" ? [] : ["--env", environment])];
  return [`npm run ${script}`, ...(all.length ? ["--", ...all] : [])].join(" ");
}

/** What brings an environment up: `npm start` for local, `npm run deploy -- --env <name>` for every other. */
export const deployCommand = (environment: string): string =>
  environment === "local" ? "npm start" : npmRun("deploy", environment);
