import { environmentDir } from "../../../config/cache";
import { logProgress } from "../../log-progress";
import { files, type LocalServerInputs } from "../layout";
import { exclusively } from "./lock";
import { behind, metaLeader, type Monitor, monitorOf, noAnswer } from "./monitor";
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
    const led = running?.record ? await metaLeader(monitorOf(wanted, running.record.applied.config)) : undefined;
    if (led) await refuseWhileBehind(wanted);
    logProgress(led ? `${task}, waiting until it is current again` : task);
    if (running) await endGently(wanted, wanted.config, running);
    await start(wanted, version);
    if (led) await current(wanted.name, [monitorOf(wanted, wanted.config)], "no other server is restarted");
  });
}

/** Peers are asked over HTTP and over HTTPS: while that changes, one after another, either is right. */
async function refuseWhileBehind(wanted: LocalServerInputs): Promise<void> {
  const own = monitorOf(wanted, wanted.config);
  // Its own files are written when it is started.
  const ca = () => Promise.resolve(wanted.certificates[files.clientCa] ?? own.ca());
  for (const peer of wanted.peers) {
    const ways = [peer, peer.replace(/^https?/, (scheme) => (scheme === "http" ? "https" : "http"))];
    const monitors = ways.map((url) => ({ url, ca }));
    await current(peer, monitors, `${wanted.name} is not restarted, because streams would lose their quorum`);
  }
}

/** @param monitors ways to the server, one of which it answers on */
async function current(server: string, monitors: Monitor[], consequence: string): Promise<void> {
  let reason: string | undefined;
  const caughtUp = await pollUntil(
    async () => {
      const reasons = await Promise.all(monitors.map(behind));
      if (reasons.includes(undefined)) return true;
      reason = reasons.find((one) => one !== noAnswer) ?? noAnswer;
      return undefined;
    },
    currentDeadline,
    200,
  );
  if (caughtUp) return;
  throw new Error(
    `${server} is not current after ${currentDeadline / 1000} s (${reason}); ${consequence}. ` +
      `See ${monitors[0]!.url}/healthz?details=true, then run this again`,
  );
}
