import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { observe } from "../../components/local/provider/observe";
import type { Supercluster } from "../../tests/support/nats";
import type { Published, PublishRun } from "./publish-run";

/** Ticks a second of /proc/<pid>/stat, on every Linux. */
const ticks = 100;

/** Publishes from as many processes as there are processors, which start together. */
export async function publishFromProcesses(run: PublishRun): Promise<Published> {
  const count = Math.min(run.clients, os.cpus().length);
  const children = Array.from({ length: count }, () =>
    fork(path.join(__dirname, "publish-run.ts"), {
      execArgv: ["-r", path.join(__dirname, "..", "..", "tools", "runtime.cjs")],
      // Transpiled files are in the project's cache, not in that of the servers.
      env: { ...process.env, SUPERCLUSTER_CACHE: undefined },
    }),
  );
  try {
    const ready = children.map((child, index) => {
      const clients = Math.floor(run.clients / count) + (index < run.clients % count ? 1 : 0);
      const answer = messageOf(child);
      child.send({ ...run, clients, count: Math.round((run.count * clients) / run.clients) } satisfies PublishRun);
      return answer;
    });
    await Promise.all(ready);
    const from = performance.now();
    const results = await Promise.all(
      children.map((child) => {
        const answer = messageOf(child);
        child.send("go");
        return answer as Promise<Published>;
      }),
    );
    return {
      seconds: (performance.now() - from) / 1_000,
      cpu: results.reduce((sum, { cpu }) => sum + cpu, 0),
      latencies: results.flatMap(({ latencies }) => latencies),
    };
  } finally {
    for (const child of children) child.kill();
  }
}

async function messageOf(child: ChildProcess): Promise<unknown> {
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`a publisher ended with ${String(code)} before it had published everything`);
  });
  const [message] = (await Promise.race([once(child, "message"), ended])) as [unknown];
  ended.catch(() => undefined);
  return message;
}

/** Processor time of all servers so far, in seconds; undefined where there is no /proc. */
export async function serversCpu(cluster: Supercluster): Promise<number | undefined> {
  let sum = 0;
  for (const server of Object.values(cluster.inputs())) {
    const running = await observe(server);
    try {
      const stat = readFileSync(`/proc/${running!.process.pid}/stat`, "utf8");
      const [user, system] = stat
        .slice(stat.lastIndexOf(")") + 2)
        .split(" ")
        .slice(11, 13);
      sum += (Number(user) + Number(system)) / ticks;
    } catch {
      return undefined;
    }
  }
  return sum;
}
