/** What a provider told the person who watches, while something ran. */
export async function said(run: () => unknown): Promise<string[]> {
  const lines: string[] = [];
  const { error } = console;
  console.error = (line: string) => void lines.push(line);
  try {
    await run();
  } finally {
    console.error = error;
  }
  return lines;
}
