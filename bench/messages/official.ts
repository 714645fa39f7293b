import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { testTool } from "../../tests/support/tools";
import type { PublishRun } from "./publish-run";

/** `nats bench js pub` with the same clients, messages and window. Returns messages a second. */
export async function officialBench(stream: string, run: PublishRun): Promise<number> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-bench-"));
  const csv = path.join(folder, "bench.csv");
  const ca = path.join(folder, "ca.pem");
  fs.writeFileSync(ca, run.ca);
  const mode = run.window === 1 ? ["sync"] : ["async", "--batch", String(run.window)];
  const options = { stream, clients: run.clients, msgs: run.count, size: `${run.size}B`, csv };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  try {
    const child = spawn(testTool("nats"), ["bench", "js", "pub", ...mode, run.subject, "--no-progress", ...args], {
      // A home of its own: contexts of the person who runs this do not count.
      env: {
        HOME: folder,
        NATS_URL: run.servers.join(","),
        NATS_USER: run.user,
        NATS_PASSWORD: run.user,
        NATS_CA: ca,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new Error(`nats bench ended with ${code}:\n${(await output).join("")}`);
    return run.count / slowestOf(fs.readFileSync(csv, "utf8"));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Seconds of the slowest client in the table that `nats bench --csv` writes. */
export function slowestOf(csv: string): number {
  const [head, ...rows] = csv
    .trim()
    .split("\n")
    .map((line) => line.split(","));
  const column = head!.indexOf("DurationSecs");
  const seconds = rows.map((row) => Number(row[column]));
  if (column < 0 || seconds.length === 0 || seconds.some((value) => !(value > 0)))
    throw new Error(`nats bench wrote no durations (column DurationSecs):\n${csv}`);
  return Math.max(...seconds);
}
