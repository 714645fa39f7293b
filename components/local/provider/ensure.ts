import * as path from "node:path";
import { upgradeRefusal } from "../../../config/versions";
import { classify } from "../../supercluster/reload";
import { files, type LocalServerInputs } from "../layout";
import { natsServer, refusal, versionOf } from "./binary";
import { read, remove, writeAll } from "./files";
import { monitorOf, varz } from "./monitor";
import { observe, observeDrift, type Running } from "./observe";
import { filesOf, folderOf, inFolder, type ServerName, stateOf } from "./record";
import { reload } from "./reload";
import { restart } from "./restart";
import { settle, start } from "./start";
import { pollUntil } from "../../../config/poll-until";

/**
 * Brings one server to the wanted state, from any state: absent, dead or running. Returns its version when it serves.
 *
 * @throws when the wanted state cannot work; a running server is then left as it was
 */
export async function ensure(wanted: LocalServerInputs): Promise<string> {
  const version = await versionOf(natsServer(wanted));
  const problem = await otherKey(wanted, wanted.jetstreamKeyFingerprint);
  if (problem) throw new Error(problem);
  const running = await observe(wanted);
  if (running) await sync(wanted, version, running);
  else await start(wanted, version);
  return version;
}

async function sync(wanted: LocalServerInputs, version: string, running: Running): Promise<void> {
  const skipped = skippedLine(wanted, version, running);
  if (skipped) throw new Error(skipped);
  const { record } = running;
  const { action, reason } = await decide(wanted, version, running);
  if (action === "none") {
    await writeAll(folderOf(wanted), filesOf(wanted));
    return settle(wanted, stateOf(wanted, version), running.process);
  }
  await refuseBrokenFiles(wanted);
  if (action === "restart" || !record) return restart(wanted, version, reason);
  const rejection = await reload(wanted, version, running.process, record);
  if (rejection) await restart(wanted, version, `${reason}, not reloaded: ${rejection}`);
}

/** Why a running server must not be replaced by one of the installed version while others of its version run. */
export function skippedLine({ name }: ServerName, version: string, running?: Running): string | undefined {
  const reason = running?.record && upgradeRefusal(running.record.applied.version, version);
  return reason && `${name}: ${reason}`;
}

async function decide(
  wanted: LocalServerInputs,
  version: string,
  running: Running,
): Promise<{ action: string; reason: string }> {
  const { record } = running;
  // A server that is busy or just starting gets 30 s before it counts as hung.
  if (record) await pollUntil(() => varz(monitorOf(wanted, record.applied.config)), 30_000);
  const unknown = (await observeDrift(wanted, running)).filter((drift) => drift.restart);
  if (!record || unknown.length) return { action: "restart", reason: unknown.map(({ what }) => what).join(", ") };
  const { applied, reloading } = record;
  const { action, causes } = classify(applied, stateOf(wanted, version));
  if (!reloading || action === "restart") return { action, reason: `${causes.join(", ")} changed` };
  // It runs with one of the two, and can go on from either.
  const after = classify(reloading, stateOf(wanted, version));
  return {
    action: after.action === "restart" ? "restart" : "reload",
    reason: [...new Set([...causes, ...after.causes, "an interrupted reload"])].join(", "),
  };
}

/**
 * Why a server must not start with this JetStream key; undefined when it may. With another key the server would start,
 * report ready and silently ignore the streams it cannot decrypt.
 */
export async function otherKey(server: ServerName, fingerprint: string): Promise<string | undefined> {
  const known = (await read(inFolder(server, "keyFingerprint")))?.trim();
  if (!known || known === fingerprint) return undefined;
  return (
    `the data of ${server.name} is encrypted with another JetStream key (${known}) than the one given ` +
    `(${fingerprint}). ` +
    `Restore the old key (from the identity stack's state), or remove ${inFolder(server, "data")} to start empty`
  );
}

/** Runs the server's own check on a copy: an invalid file in use would keep it from starting the next time. */
async function refuseBrokenFiles(wanted: LocalServerInputs): Promise<void> {
  const copy = inFolder(wanted, "candidate");
  try {
    await writeAll(copy, filesOf(wanted));
    const reason = await refusal(natsServer(wanted), path.join(copy, files.config));
    if (reason)
      throw new Error(`${wanted.name} keeps its configuration, because nats-server rejects the new one: ${reason}`);
  } finally {
    await remove(copy);
  }
}
