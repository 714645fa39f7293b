/**
 * Numbers of the command line, as a bench takes them: each an integer of at least 1. Prints the help where it is asked
 * for, or what is wrong (exit code 2); then the result is undefined, and there is nothing to measure.
 */
export function countsOf(help: string, args = process.argv.slice(2)): number[] | undefined {
  if (args.some((each) => each === "--help" || each === "-h")) {
    process.stdout.write(help);
    return undefined;
  }
  const counts = args.map(Number);
  const wrong = args.filter((_, index) => !(Number.isInteger(counts[index]) && counts[index]! > 0));
  if (wrong.length === 0) return counts;
  process.stderr.write(`${wrong.join(", ")}: write numbers of at least 1\n\n${help}`);
  process.exitCode = 2;
  return undefined;
}
