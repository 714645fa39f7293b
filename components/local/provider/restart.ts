import { environmentDir } from "../../../config/cache";
import { logProgress } from "../../log-progress";
import type { LocalServerInputs } from "../layout";
import { exclusively } from "./lock";
import { behind, metaLeader } from "./monitor";
import { observe } from "./observe";
import { start } from "./start";
import { endGently } from "./stop";
import { pollUntil } from "../../../config/poll-until";

const currentDeadline = 120_000;

/**
 * Restarts a server once no other server of the environment is restarting and none of its region is behind; complete
 * when it is current again. Without a meta leader it waits for nothing: the regions may be starting one after another.
 *
 * @param reason what made it necessary, for the progress line
 * @throws when a server is not current within 120 s
 */
export function restart(wanted: LocalServerInputs, version: string, reason: string): Promise<void> {
  const task = `${wanted.name}: restarting (${reason})`;
  return exclusively(environmentDir(wanted.environment), task, async () => {
    const running = await observe(wanted);
    const led = running?.record ? await metaLeader(`http://${running.record.applied.config.http}`) : undefined;
    if (led) await refuseWhileBehind(wanted);
    logProgress(led ? `${task}, waiting until it is current again` : task);
    if (running) await endGently(wanted, wanted.config, running);
    await start(wanted, version);
    if (led) await current(wanted.name, `http://${wanted.config.http}`, "no other server is restarted");
  });
}

async function refuseWhileBehind({ name, peers }: LocalServerInputs): Promise<void> {
  for (const peer of peers)
    await current(peer, peer, `${name} is not restarted, because streams would lose their quorum`);
}

async function current(server: string, monitor: string, consequence: string): Promise<void> {
  let reason: string | undefined;
  const caughtUp = await pollUntil(
    async () => {
      reason = await behind(monitor);
      return reason === undefined ? true : undefined;
    },
    currentDeadline,
    200,
  );
  if (caughtUp) return;
  throw new Error(
    `${server} is not current after ${currentDeadline / 1000} s (${reason}); ${consequence}. ` +
      `See ${monitor}/healthz?details=true, then run this again`,
  );
}
