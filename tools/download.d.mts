/** The SHA-256 of `file` in a list as sha256sum writes it, or undefined. */
export function parseChecksum(text: string, file: string): string | undefined;
