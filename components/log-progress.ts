/** Prints a line during a provider call. Standard error is the only way from a dynamic provider to the terminal. */
export const logProgress = (line: string): void => console.error(line);
