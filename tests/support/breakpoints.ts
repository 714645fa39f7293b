import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { pollUntil } from "../../config/poll-until";
import { waitMs } from "./limits";

export type Moment = "before" | "after";

/** One request of a provider process that is held back, or its answer. */
export interface Breakpoint {
  /** Waits until it is held. */
  reached(): Promise<void>;
  goOn(): void;
}

/** Holds back requests of one provider process, so that a test can do what is to happen right there. */
export class Breakpoints {
  private readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-breakpoints-"));
  /** How many requests about a stream `takeRequests` has given. */
  private readonly taken = new Map<string, number>();

  /** Environment of the process. */
  readonly env: NodeJS.ProcessEnv = {
    ...process.env,
    NODE_OPTIONS: `--require ${JSON.stringify(require.resolve("./breakpoints.cjs"))}`,
    SUPERCLUSTER_BREAKPOINTS: this.folder,
  };

  /** Once, at the next such request: `stopAt("before", "STREAM.CREATE.ORDERS")`. */
  stopAt(moment: Moment, request: string): Breakpoint {
    const [set, reached] = ["set", "reached"].map((state) =>
      path.join(this.folder, `${moment} ${request} ${state}`),
    ) as [string, string];
    fs.writeFileSync(set, "");
    return {
      reached: async () => {
        const isThere = await pollUntil(async () => fs.existsSync(reached) || undefined, waitMs, 10);
        if (!isThere) throw new Error(`the process did not come to ${moment} ${request}`);
      },
      goOn: () => fs.rmSync(reached),
    };
  }

  /**
   * All requests about a stream and its consumers that it has sent since it was asked last, those from before a restart
   * too.
   */
  takeRequests(stream: string): string[] {
    const file = path.join(this.folder, "requests");
    const lines = fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n") : [];
    const all = lines.filter((line) => line.split(".").includes(stream));
    const before = this.taken.get(stream) ?? 0;
    this.taken.set(stream, all.length);
    return all.slice(before);
  }

  /** Takes back what was set, where the process that would have come to it is dead. */
  reset(): void {
    for (const name of fs.readdirSync(this.folder)) if (name !== "requests") fs.rmSync(path.join(this.folder, name));
  }

  /** Lets everything go on, and removes all traces. */
  remove(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
