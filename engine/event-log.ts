import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readSync, rmSync } from "node:fs";
import * as path from "node:path";
import { cacheDir } from "../config/cache";
import type { EngineEvent } from "./events";

/** Commands of the CLI that take `--event-log`. */
const commands = ["up", "preview", "refresh", "destroy"];

const prefix = "events-";
let last = 0;

/**
 * The file in which one run of pulumi writes the engine's events, a JSON object a line. Its debug events hold secrets
 * in plain text, so its folder is closed to other users and it is removed after the run; files of killed processes are
 * removed by the next one.
 */
export class EventLog {
  /** Environment and flags that make the CLI write it. `--event-log` is hidden unless debug commands are on. */
  readonly env = { PULUMI_DEBUG_COMMANDS: "true" };
  readonly flags: string[];
  private readonly file: string;
  private readonly events: EngineEvent[] = [];
  private offset = 0;
  private readonly timer?: NodeJS.Timeout;

  /** Absent for commands that report no events. */
  static of(command: string, onEvents?: (events: EngineEvent[]) => void): EventLog | undefined {
    return commands.includes(command) ? new EventLog(onEvents) : undefined;
  }

  private constructor(onEvents?: (events: EngineEvent[]) => void) {
    removeLeftovers();
    const folder = path.join(cacheDir(), `${prefix}${process.pid}`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.file = path.join(folder, `${++last}.jsonl`);
    this.flags = ["--event-log", this.file];
    if (onEvents) this.timer = setInterval(() => onEvents(this.read()), 500).unref();
  }

  /** Events so far, without the engine's debug messages. Reads only what was written since the last call. */
  read(): EngineEvent[] {
    const added = bytesFrom(this.file, this.offset);
    // The last line may be half written.
    const complete = added.subarray(0, added.lastIndexOf("\n") + 1);
    this.offset += complete.length;
    for (const line of complete.toString("utf8").split("\n").filter(Boolean)) {
      const event = JSON.parse(line) as EngineEvent;
      if (event.diagnosticEvent?.severity !== "debug") this.events.push(event);
    }
    return this.events;
  }

  remove(): void {
    clearInterval(this.timer);
    rmSync(this.file, { force: true });
    if (readdirSync(path.dirname(this.file)).length === 0) rmSync(path.dirname(this.file), { recursive: true });
  }
}

/** What a file holds from an offset on; nothing if the file does not exist yet. */
function bytesFrom(file: string, offset: number): Buffer {
  let opened: number;
  try {
    opened = openSync(file, "r");
  } catch {
    return Buffer.alloc(0);
  }
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(opened).size - offset));
    return bytes.subarray(0, readSync(opened, bytes, 0, bytes.length, offset));
  } finally {
    closeSync(opened);
  }
}

function removeLeftovers(): void {
  mkdirSync(cacheDir(), { recursive: true, mode: 0o700 });
  for (const name of readdirSync(cacheDir()))
    if (name.startsWith(prefix) && !isRunning(Number(name.slice(prefix.length))))
      rmSync(path.join(cacheDir(), name), { recursive: true, force: true });
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
