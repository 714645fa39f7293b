/** Command lines that messages print for a person to run next. Pure. */

/**
 * A command of package.json on an environment: `npm run status -- --env production`. Without `--env` a command works on
 * `local`, so that is left out.
 */
export function npmRun(script: string, environment: string, options: readonly string[] = []): string {
  const all = [...options, ...(environment === "local" ? [] : ["--env", environment])];
  return [`npm run ${script}`, ...(all.length ? ["--", ...all.map(word)] : [])].join(" ");
}

/** A value as one word of a POSIX shell. */
export const quoted = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;

/** Names of servers may have characters that a shell acts on, and a person will paste the line into one. */
const word = (value: string): string => (/^[\w./:@=,+-]+$/.test(value) ? value : quoted(value));

/** What brings an environment up: `npm start` for local, `npm run deploy -- --env <name>` for every other. */
export const deployCommand = (environment: string): string =>
  environment === "local" ? "npm start" : npmRun("deploy", environment);
