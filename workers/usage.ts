/** Whether arguments ask for help. */
const asksForHelp = (args: readonly string[]): boolean => args.some((arg) => arg === "--help" || arg === "-h");

/**
 * Prints how a program is used: to standard output with exit code 0 where its arguments ask for that, else to standard
 * error, after what is wrong with them, with exit code 2, which it gives back too.
 */
export function printUsage(usage: string, args: readonly string[], mistake?: string): number {
  const isHelp = asksForHelp(args);
  if (mistake !== undefined && !isHelp) console.error(mistake);
  (isHelp ? console.log : console.error)(usage);
  return (process.exitCode = isHelp ? 0 : 2);
}

/** The name of a program that runs one worker: its only argument, or the default. Else prints how it is used. */
export function nameFrom(args: readonly string[], byDefault: string, usage: string): string | undefined {
  const [name = byDefault, ...more] = args;
  if (more.length === 0 && !name.startsWith("-")) return name;
  printUsage(usage, args);
  return undefined;
}
