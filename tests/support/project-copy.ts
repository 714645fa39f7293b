import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

export const projectFolder = path.join(__dirname, "..", "..");

/**
 * A copy of this project in a temporary folder, as a clone would have it (with what is not committed yet), its npm
 * packages and tools shared: a place where Pulumi.yaml can say something else and the cache is its own.
 */
export function copyProject(): { folder: string; cache: string; env: NodeJS.ProcessEnv; remove(): void } {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-copy-")));
  const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
    cwd: projectFolder,
    encoding: "utf8",
  })
    .split("\0")
    .filter((file) => file && fs.existsSync(path.join(projectFolder, file)));
  for (const file of files) {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.copyFileSync(path.join(projectFolder, file), path.join(folder, file));
  }
  fs.symlinkSync(path.join(projectFolder, "node_modules"), path.join(folder, "node_modules"));

  const cache = path.join(folder, ".cache");
  const shared = process.env.SUPERCLUSTER_CACHE ?? path.join(projectFolder, ".cache");
  fs.mkdirSync(cache, { mode: 0o700 });
  fs.symlinkSync(path.join(shared, "bin"), path.join(cache, "bin"));
  for (const file of ["pulumi-home", "node-compile-cache", "transpiled"]) {
    fs.mkdirSync(path.join(shared, file), { recursive: true });
    fs.symlinkSync(path.join(shared, file), path.join(cache, file));
  }
  // The record of the tools; stand-ins are where the copy has them.
  const record = fs.readFileSync(path.join(shared, "toolchain.json"), "utf8");
  fs.writeFileSync(
    path.join(cache, "toolchain.json"),
    record.replaceAll(path.join(projectFolder, "tools"), path.join(folder, "tools")),
  );

  const env = { ...process.env };
  delete env.SUPERCLUSTER_CACHE;
  return {
    folder,
    cache,
    env,
    remove: () => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  };
}
