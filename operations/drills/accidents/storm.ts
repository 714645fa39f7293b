import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import * as os from "node:os";
import * as path from "node:path";
import { projectFolder } from "../../../engine/project";
import type { DrillContext, Prepare } from "../drill";
import { wait } from "../wait";
import { clientOf } from "./certificate";
import type { Storm, StormResult } from "./storm-clients";

export const clientStorm: Prepare = (context) => {
  const count = Math.min(os.cpus().length, 4);
  const children: ChildProcess[] = [];
  return Promise.resolve({
    begin() {
      for (let index = 0; index < count; index++)
        children.push(
          fork(path.join(__dirname, "storm-clients.ts"), {
            cwd: projectFolder,
            execArgv: ["-r", path.join(projectFolder, "tools", "runtime.cjs")],
          }),
        );
      return Promise.resolve();
    },
    async last() {
      const { access, checked, home, clients } = context;
      const { servers, user, pass, inboxPrefix } = clientOf(access, checked.tenants, home);
      const results = await Promise.all(
        children.map((child, index) => {
          const share = Math.floor(clients / count) + (index < clients % count ? 1 : 0);
          const storm: Storm = { servers, user, pass, inboxPrefix, ca: access.ca, clients: share };
          return connectAll(context, child, storm);
        }),
      );
      note(context, results);
      await wait(context, context.holdMs);
    },
    async undo() {
      await Promise.all(
        children.splice(0).map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          const ended = once(child, "exit");
          child.kill("SIGKILL");
          await ended;
        }),
      );
    },
  });
};

async function connectAll({ signal }: DrillContext, child: ChildProcess, storm: Storm): Promise<StormResult> {
  const ended = once(child, "exit").then(() => undefined);
  const interrupted = new Promise<undefined>((resolve) => signal.addEventListener("abort", () => resolve(undefined)));
  // By a pipe: a password is in no command line and no environment.
  child.send(storm);
  const answer = once(child, "message").then(([message]) => message as StormResult);
  return (await Promise.race([answer, ended, interrupted])) ?? { connected: 0, seconds: 0, refused: {} };
}

function note(context: DrillContext, results: readonly StormResult[]): void {
  const connected = results.reduce((sum, result) => sum + result.connected, 0);
  const slowest = Math.max(...results.map(({ seconds }) => seconds));
  context.note(`${connected} of ${context.clients} clients connected within ${slowest.toFixed(1)} s`);
  const refused = new Map<string, number>();
  for (const [reason, times] of results.flatMap((result) => Object.entries(result.refused)))
    refused.set(reason, (refused.get(reason) ?? 0) + times);
  for (const [reason, times] of refused) context.note(`${times} x refused and tried again: ${reason}`);
}
