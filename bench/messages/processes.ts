import * as os from "node:os";
import * as path from "node:path";
import { observe } from "../../components/local/provider/observe";
import type { Supercluster } from "../../tests/support/nats";
import { messageOf, projectCache, startChild } from "../child";
import { secondsOf } from "../processor-time";
import type { Published, PublishRun } from "./publish-run";

/** Publishes from as many processes as there are processors, which start together. */
export async function publishFromProcesses(run: PublishRun): Promise<Published> {
  const count = Math.min(run.clients, os.cpus().length);
  const children = Array.from({ length: count }, () =>
    startChild(path.join(__dirname, "publish-run.ts"), projectCache),
  );
  try {
    const ready = children.map((child, index) => {
      const clients = Math.floor(run.clients / count) + (index < run.clients % count ? 1 : 0);
      const answer = messageOf<unknown>(child);
      child.send({ ...run, clients, count: Math.round((run.count * clients) / run.clients) } satisfies PublishRun);
      return answer;
    });
    await Promise.all(ready);
    const from = performance.now();
    const results = await Promise.all(
      children.map((child) => {
        const answer = messageOf<Published>(child);
        child.send("go");
        return answer;
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

/** Processor time of all servers so far, in seconds; undefined where there is no /proc. */
export async function serversCpu(cluster: Supercluster): Promise<number | undefined> {
  let sum = 0;
  for (const server of Object.values(cluster.inputs())) {
    const running = await observe(server);
    try {
      sum += secondsOf(running!.process.pid);
    } catch {
      return undefined;
    }
  }
  return sum;
}
