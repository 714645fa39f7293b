import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { markDisturbed, restore, running } from "../../../components/local/provider/disturb";
import { executable } from "../../../components/local/provider/binary";
import type { ServerName } from "../../../components/local/provider/record";
import { CannotSimulate } from "../../../engine/failure";
import { pollUntil } from "../../../config/poll-until";
import type { Accident, DrillContext, Prepare } from "../drill";
import { byLeaders } from "./servers";

/**
 * System calls that nats-server writes its files with, and nothing else: what it sends to others goes through `write`.
 * Go's os.WriteFile uses `write` too, so small files of metadata are not affected.
 */
const writes = "pwrite64,fsync,fdatasync,ftruncate";
/** Milliseconds that each takes longer. */
const delayMs = 200;
const attachMs = 20_000;

export const slowDisk: Prepare = (context) => onDisk(context, `delay_enter=${delayMs * 1_000}`);

export const diskFull: Prepare = async (context) => {
  const accident = await onDisk(context, "error=ENOSPC");
  return {
    ...accident,
    async begin() {
      await markDisturbed(accident.server);
      await accident.begin();
    },
    async undo() {
      await accident.undo!();
      // JetStream stays off on a server that once had no space.
      await restore([accident.server]);
    },
  };
};

/** What strace does to the system calls of the server that leads most streams. */
async function onDisk(context: DrillContext, effect: string): Promise<Accident & { server: ServerName }> {
  const strace = installed();
  const server = (await byLeaders(context))[0]!;
  const { pid } = (await running(server)).process;
  // Whether it is allowed is known before anything is measured.
  await (await trace(strace, pid, "fsync", [])).stop();
  let tracer: Awaited<ReturnType<typeof trace>> | undefined;
  return {
    server,
    async begin() {
      context.note(`on ${server.name}: ${writes} with ${effect}`);
      tracer = await trace(strace, pid, writes, ["-e", `inject=${writes}:${effect}`]);
    },
    async undo() {
      await tracer?.stop();
    },
  };
}

function installed(): string {
  if (process.platform !== "linux")
    throw new CannotSimulate("a slow or full disk is simulated by strace, which is for Linux only");
  try {
    return executable("strace");
  } catch {
    throw new CannotSimulate("a slow or full disk is simulated by strace; install it: apt-get install -y strace");
  }
}

/** Attaches strace to a process and all its threads. Throws where that is not allowed. */
async function trace(strace: string, pid: number, calls: string, more: string[]) {
  const child = spawn(strace, ["-f", "-p", String(pid), "-e", `trace=${calls}`, ...more, "-o", "/dev/null"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (text) => (said += text));
  await once(child, "spawn");
  const isAttached = () => / attached/.test(said) || child.exitCode !== null;
  if ((await pollUntil(isAttached, attachMs)) && child.exitCode === null) return { stop: () => detach(child) };
  await detach(child);
  throw new CannotSimulate(
    `strace may not trace a process of yours: ${said.trim().split("\n").at(-1)}. As root it may, and where ` +
      "/proc/sys/kernel/yama/ptrace_scope is 0",
  );
}

/** Ends strace, and waits until it has let go of the process. */
async function detach(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGINT");
  const killed = setTimeout(() => child.kill("SIGKILL"), attachMs);
  await ended;
  clearTimeout(killed);
}
