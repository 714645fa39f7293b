import { createHash } from "node:crypto";

/** Tells texts apart: 16 hexadecimal digits of their SHA-256. Not secret where the text cannot be guessed. */
export const shortHash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);
