import * as z from "zod";
import { url, wholeNumber } from "../settings";

/** Where a system keeps its state. */
export interface DatabaseSettings {
  /** A PostgreSQL server. Default: PGlite, an embedded PostgreSQL of this process alone. */
  url?: string;
  /** PGlite's folder, one process at a time. Default: in memory, gone when the process ends. */
  folder?: string;
  /** Connections to the server. */
  connections: number;
}

/** `DATABASE_URL`, `DATABASE_FOLDER` and `DATABASE_CONNECTIONS`. */
export const databaseSettings = z
  .object({
    DATABASE_URL: url(["postgres://", "postgresql://"]).optional(),
    DATABASE_FOLDER: z.string().optional(),
    DATABASE_CONNECTIONS: wholeNumber(1, 100).default(5),
  })
  .refine(({ DATABASE_URL, DATABASE_FOLDER }) => !DATABASE_URL || !DATABASE_FOLDER, {
    path: ["DATABASE_FOLDER"],
    error: "expected only one of DATABASE_URL and DATABASE_FOLDER",
    when: () => true,
  })
  .transform((env): DatabaseSettings => ({
    url: env.DATABASE_URL,
    folder: env.DATABASE_FOLDER,
    connections: env.DATABASE_CONNECTIONS,
  }));
