// Where the official releases cannot be reached: the same pinned version, built from the Go module proxy.
import { execFileSync, spawn } from "node:child_process";
import { Unavailable } from "../download.mjs";
import { ToolchainError } from "../log.mjs";
import { findOnPath } from "../path-search.mjs";
import { atLeast } from "../pins.mjs";

/** The oldest Go that can do it: it fetches a newer one by itself where a module asks for that. */
export const OLDEST_GO = "1.24";

/** The `go` on PATH with its version; throws Unavailable where there is none, or it is too old for `needed`. */
export function findGo(path, needed) {
  const file = findOnPath("go", path);
  if (!file) throw new Unavailable("Go is not on PATH");
  const ask = (name) => execFileSync(file, ["env", name], { encoding: "utf8" }).trim();
  const version = ask("GOVERSION").replace(/^go/, "");
  if (!atLeast(version, OLDEST_GO)) throw new Unavailable(`${file} is Go ${version}, wanted is ${OLDEST_GO} or later`);
  if (!atLeast(version, needed) && ask("GOTOOLCHAIN") === "local") {
    throw new Unavailable(
      `${file} is Go ${version} and may not fetch another (GOTOOLCHAIN=local), wanted is ${needed}`,
    );
  }
  return { file, version };
}

/** Builds one pinned tool to `target`, saying now and then how long it has been at it. */
export async function goBuild(build, target, { go, log }) {
  const variables = Object.entries(build.variables).map(([name, value]) => ` -X ${name}=${value}`);
  const args = ["build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", `-s -w${variables.join("")}`];
  const started = Date.now();
  log.step(build.name, `building ${build.version} with Go ${go.version}${build.takes ? ` (${build.takes})` : ""}`);

  const child = spawn(go.file, [...args, "-o", target, build.package], {
    cwd: build.folder,
    // Flags and workspaces of the user are meant for the user's own code; without cgo no C compiler is needed.
    env: { ...process.env, GOFLAGS: "", GOWORK: "off", CGO_ENABLED: "0" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const stop = () => child.kill();
  process.once("exit", stop);
  let output = "";
  let doing = "compiling";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    output += text;
    doing = /go: downloading (\S+)[^\n]*\n$/.exec(text)?.[1] ?? doing;
  });
  const ticker = setInterval(
    () => log.progress(build.name, `building ${build.version}, ${seconds(started)}: ${doing}`),
    500,
  );
  try {
    const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
    if (code !== 0) {
      const errors = output.split("\n").filter((line) => line && !line.startsWith("go: downloading"));
      throw new ToolchainError(`${build.name}: go build failed in ${build.folder}:\n${errors.slice(-15).join("\n")}`);
    }
  } finally {
    clearInterval(ticker);
    process.removeListener("exit", stop);
  }
  return seconds(started);
}

const seconds = (since) => `${Math.round((Date.now() - since) / 1000)} s`;
