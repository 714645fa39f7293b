import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

/**
 * Gives each test its own, empty cache folder; returns a function for its path. To be called within a describe:
 * outside, its hooks would run for every test of every file.
 */
export function ownCache(): () => string {
  const before = process.env.SUPERCLUSTER_CACHE;
  let cache: string;
  beforeEach(() => {
    cache = mkdtempSync(path.join(tmpdir(), "cache-"));
    process.env.SUPERCLUSTER_CACHE = cache;
  });
  afterEach(() => {
    rmSync(cache, { recursive: true });
    if (before === undefined) delete process.env.SUPERCLUSTER_CACHE;
    else process.env.SUPERCLUSTER_CACHE = before;
  });
  return () => cache;
}
