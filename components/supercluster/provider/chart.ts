import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { type ChartFile, chartName, type ChartSource } from "../chart-source";

const answerMs = 5_000;

/** Chart.yaml of a folder or archive; undefined where there is none. */
export function readChart(at: string): ChartFile | undefined {
  if (!existsSync(at)) return undefined;
  try {
    const text = statSync(at).isDirectory()
      ? readFileSync(path.join(at, "Chart.yaml"), "utf8")
      : execFileSync("tar", ["-xzOf", at, `${chartName}/Chart.yaml`], {
          encoding: "utf8",
          stdio: ["ignore", "pipe", "ignore"],
        });
    return parse(text) as ChartFile;
  } catch {
    return undefined;
  }
}

/**
 * Why a repository gives no list of its charts, if so. Not checked behind a proxy: Node.js ignores proxies from the
 * environment, only helm uses them.
 */
export async function repositoryProblem({ repository }: ChartSource): Promise<string | undefined> {
  if (["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"].some((name) => process.env[name])) return undefined;
  try {
    const { ok, status, body } = await fetch(new URL("index.yaml", repository.replace(/\/?$/, "/")), {
      signal: AbortSignal.timeout(answerMs),
    });
    await body?.cancel();
    return ok ? undefined : `status ${status}`;
  } catch (error) {
    const { message, cause, name } = error as Error & { cause?: Error };
    return name === "TimeoutError" ? `no answer within ${answerMs / 1000} s` : (cause?.message ?? message);
  }
}
