import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

export interface LoggedRequest {
  /** Without the `$JS.API.` before it. */
  subject: string;
  /** Until its answer came. */
  ms: number;
}

/** The JetStream requests of provider processes, as they say themselves; also of those that the engine starts. */
export class RequestLog {
  private readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-requests-"));

  /** For the environment of the process to log, or of the engine that starts it. */
  readonly env = {
    NODE_OPTIONS: `--require ${JSON.stringify(require.resolve("./request-log.cjs"))}`,
    SUPERCLUSTER_REQUEST_LOG: this.folder,
  };

  /** The requests since it was asked last. */
  take(): LoggedRequest[] {
    const lines = this.takeFiles("requests").flatMap((text) => text.split("\n").filter(Boolean));
    return lines.map((line) => line.split(" ")).map(([subject, ms]) => ({ subject: subject!, ms: Number(ms) }));
  }

  /** Most resident memory of any provider process since it was asked last, in bytes; 0 where none ran. */
  takePeak(): number {
    return Math.max(0, ...this.takeFiles("peak-*").map(Number)) * 1024;
  }

  remove(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  private takeFiles(pattern: string): string[] {
    return fs.globSync(path.join(this.folder, pattern)).map((file) => {
      const text = fs.readFileSync(file, "utf8");
      fs.rmSync(file);
      return text;
    });
  }
}

/** How many of each kind: `{ "STREAM.LIST": 2 }`. */
export function byKind(requests: readonly LoggedRequest[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { subject } of requests) {
    const kind = subject.split(".", 2).join(".");
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}
