import { setTimeout as sleep } from "node:timers/promises";
import { plural } from "../../config/plural";
import { BadUsage, Failure } from "../../engine/failure";
import { logProgress, print } from "../../engine/terminal";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { openStatus, type StatusReader } from "../../operations/supercluster/read-status";
import { assertSelection, selected, type StatusSelection } from "../../operations/supercluster/selected-status";
import type { Status } from "../../operations/supercluster/status";
import { renderStatus } from "../render/status";

export interface StatusCommand extends StatusSelection {
  env: string;
  json?: boolean;
  /** Seconds between two looks; `true`: none were given. */
  watch?: string | true;
  exitCode?: boolean;
}

const defaultSeconds = 2;
/** Clears the terminal, with what was scrolled out. */
const clear = "\x1b[H\x1b[2J\x1b[3J";

/**
 * Prints the status of an environment as its servers report it now; with `watch` again and again, until Ctrl-C.
 *
 * @throws {Failure} with `exitCode`, where there is a problem
 */
export async function status({ env, json = false, watch, exitCode, ...selection }: StatusCommand): Promise<void> {
  const checked = checkedEnvironment(env);
  assertSelection(selection, checked);
  const seconds = watch === undefined ? undefined : secondsOf(watch);
  const show = (found: Status, before?: Status) => {
    if (json) print(JSON.stringify(found, undefined, watch === undefined ? 2 : undefined));
    else print(`${watch !== undefined && process.stdout.isTTY ? clear : ""}${renderStatus(found, before)}`);
  };
  let reader: StatusReader | undefined = await openStatus(checked);
  let last = selected(await reader.read(), selection);
  show(last);
  while (seconds !== undefined) {
    await sleep(seconds * 1_000);
    try {
      reader ??= await openStatus(checked);
      const found = selected(await reader.read(), selection);
      show(found, last);
      last = found;
    } catch (error) {
      // The server that it was connected to may be gone: another one answers the next time.
      logProgress((error as Error).message);
      await reader?.close();
      reader = undefined;
    }
  }
  await reader?.close();
  const broken = last.problems?.filter(({ severity }) => severity === "problem") ?? [];
  if (exitCode && broken.length > 0) throw new Failure(`${plural(broken.length, "problem")}, see above`);
}

function secondsOf(watch: string | true): number {
  const seconds = watch === true ? defaultSeconds : Number(watch);
  if (seconds >= 0.5 && seconds <= 3_600) return seconds;
  throw new BadUsage(`--watch ${watch}: write the seconds between two looks, 0.5 to 3600`);
}
