/** A value as one word of a POSIX shell. Pure. */
export const quoted = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;
