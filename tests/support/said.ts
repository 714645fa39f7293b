/** What a provider told the person who watches, while something ran. How many seconds it waited shows as 0. */
export async function said(run: () => unknown): Promise<string[]> {
  const lines: string[] = [];
  const { error } = console;
  console.error = (line: string) => void lines.push(line.replace(/(?<=waiting for )\d+(?= s)/, "0"));
  try {
    await run();
  } finally {
    console.error = error;
  }
  return lines;
}
