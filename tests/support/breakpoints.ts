import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { until } from "../../components/local/provider/wait";

/** Stops one provider process at exact requests, so that a test can do what is to happen right there. */
export class Breakpoints {
  private readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-breakpoints-"));

  /** Environment of the process to stop. */
  readonly env: NodeJS.ProcessEnv = {
    ...process.env,
    NODE_OPTIONS: `--require ${JSON.stringify(require.resolve("./breakpoints.cjs"))}`,
    SUPERCLUSTER_BREAKPOINTS: this.folder,
  };

  /** Stops it once, at the next request whose subject begins so: `stopAt("before", "STREAM.CREATE.")`. */
  stopAt(moment: "before" | "after", subject: string): void {
    fs.writeFileSync(this.file("new"), `${moment} ${subject}`);
    fs.renameSync(this.file("new"), this.file("set"));
  }

  /** Waits until it stands still there. Throws after 20 s. */
  async reached(): Promise<void> {
    const isThere = await until(async () => fs.existsSync(this.file("reached")) || undefined, 20_000, 5);
    if (!isThere) throw new Error(`the process did not come to "${fs.readFileSync(this.file("set"), "utf8")}" within 20 s`);
  }

  goOn(): void {
    fs.rmSync(this.file("reached"));
  }

  /** Subjects of all requests that it has sent since it was asked last, those from before a restart too. */
  takeRequests(): string[] {
    const file = this.file("requests");
    const text = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
    fs.rmSync(file, { force: true });
    return text.split("\n").filter(Boolean);
  }

  /** Takes back what was set; where the process is dead, nothing is reached any more. */
  reset(): void {
    for (const name of ["set", "reached"] as const) fs.rmSync(this.file(name), { force: true });
  }

  /** Lets it run wherever it stands, and removes all traces. */
  remove(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  private file(name: "new" | "set" | "reached" | "requests"): string {
    return path.join(this.folder, name);
  }
}
