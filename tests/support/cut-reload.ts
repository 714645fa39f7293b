import type { LocalServerInputs } from "../../components/local/layout";
import { ensure } from "../../components/local/provider/ensure";

/** What is reloaded, and where in it this process is killed. */
export interface CutReload {
  /** Brought to these inputs first, side by side. */
  done: LocalServerInputs[];
  /** The server whose reload is cut: its files are written then. */
  at: LocalServerInputs;
  /** Whether the server is still told to read them, which this process does not live to record. */
  moment: "before" | "after";
}

/** A process that brings servers to their inputs, as the one of a region's stack does, and is killed in between. */
async function main({ done, at, moment }: CutReload): Promise<void> {
  await Promise.all(done.map(ensure));
  const kill = process.kill.bind(process);
  process.kill = (pid, signal) => {
    if (signal !== "SIGHUP") return kill(pid, signal);
    if (moment === "after") kill(pid, signal);
    return kill(process.pid, "SIGKILL");
  };
  await ensure(at);
}

process.once("message", (what) => void main(what as CutReload));
