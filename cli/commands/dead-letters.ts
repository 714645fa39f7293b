import { assertDuration } from "../../config/units";
import { BadUsage, Failure } from "../../engine/failure";
import { colours, print } from "../../engine/terminal";
import type { Approve, Done } from "../../operations/dead-letters/account-letters";
import { withDeadLetters } from "../../operations/dead-letters/dead-letters";
import { isLetterId } from "../../operations/dead-letters/letter";
import { countsOf, lettersText, type Selection } from "../../operations/dead-letters/selection";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { confirm, requireTerminal } from "../confirm";
import { jsonOf, printable, renderDone, renderLetter, renderLetters } from "../render/dead-letters";

interface Filters extends Omit<Selection, "ids"> {
  env: string;
  account: string;
}

export interface ListCommand extends Filters {
  limit: string;
  json?: boolean;
}

export interface ChangeCommand extends Filters {
  all?: boolean;
  yes?: boolean;
}

/** Prints dead letters and their counts. */
export async function listLetters({ env, account, limit, json = false, ...filters }: ListCommand): Promise<void> {
  const most = Number(limit);
  if (!Number.isInteger(most) || most < 1) throw new BadUsage(`--limit ${limit}: write a whole number of 1 or more`);
  const selection = selectionOf(filters);
  const listed = await withDeadLetters(checkedEnvironment(env), account, (own) => own.list(selection, most));
  const { letters, all, backlog } = listed;
  print(
    json
      ? JSON.stringify({ total: all.length, backlog, letters: letters.map(jsonOf) }, undefined, 2)
      : renderLetters(listed, colours.dim),
  );
}

/** Prints one dead letter, or its body alone, byte by byte. */
export async function showLetter(
  id: string,
  { env, account, json = false, body = false }: { env: string; account: string; json?: boolean; body?: boolean },
): Promise<void> {
  assertIds([id]);
  const letter = await withDeadLetters(checkedEnvironment(env), account, (own) => own.show(id));
  if (body) process.stdout.write(letter.data);
  else print(json ? JSON.stringify(jsonOf(letter), undefined, 2) : renderLetter(letter));
}

/** Sends dead letters to the durables that gave them up. */
export const replayLetters = (ids: string[], command: ChangeCommand): Promise<void> =>
  change(ids, command, "replayed", "replay", (count) => `Replay ${count}, each to the durable that gave it up?`);

/** Deletes dead letters. */
export const dropLetters = (ids: string[], command: ChangeCommand): Promise<void> =>
  change(ids, command, "dropped", "drop", (count) => `Delete ${count}, for good?`);

async function change(
  ids: string[],
  { env, account, all = false, yes = false, ...filters }: ChangeCommand,
  verb: string,
  operation: "replay" | "drop",
  question: (count: string) => string,
): Promise<void> {
  const selection = changedBy(ids, all, selectionOf(filters));
  const checked = checkedEnvironment(env);
  requireTerminal(yes);
  const approve: Approve = async (letters) => {
    print(countsOf(letters).map(printable).join("\n"));
    if (!yes) await confirm(question(lettersText(letters.length)));
  };
  const result = await withDeadLetters(checked, account, (own) => own[operation](selection, approve));
  if (result.done.length + result.refused.length === 0) return print(`no dead letter of ${account} is selected`);
  print(renderDone(verb, result));
  requireAll(result);
}

function requireAll({ refused }: Done): void {
  if (refused.length) throw new Failure(`nothing was done for ${lettersText(refused.length)}; the reasons are above`);
}

/** What is selected, checked as far as it can be without a server. Pure. */
export function selectionOf({ stream, durable, reason, since, error }: Selection): Selection {
  if (since !== undefined) {
    try {
      assertDuration(since);
    } catch (problem) {
      throw new BadUsage(`--since: ${(problem as Error).message}`);
    }
  }
  for (const [option, value] of Object.entries({ stream, durable }))
    if (value !== undefined && /[\s.*>]/.test(value))
      throw new BadUsage(`--${option} ${JSON.stringify(value)}: write one name, without wildcards`);
  return { stream, durable, reason, since, error };
}

/** The letters to change, which must be selected by ids, by filters, or be all. Pure. */
export function changedBy(ids: string[], all: boolean, filters: Selection): Selection {
  const isFiltered = Object.values(filters).some((value) => value !== undefined);
  const ways = [ids.length > 0, isFiltered, all].filter(Boolean).length;
  if (ways === 0) throw new BadUsage("nothing is selected; pass ids, filters, or --all. Nothing was done.");
  if (ways > 1) throw new BadUsage("pass ids, or filters, or --all, but not two of them. Nothing was done.");
  assertIds(ids);
  return ids.length ? { ids } : filters;
}

function assertIds(ids: readonly string[]): void {
  const wrong = ids.filter((id) => !isLetterId(id));
  if (wrong.length)
    throw new BadUsage(
      `${wrong.join(", ")}: not the id of a dead letter; write <stream>.<sequence>.<durable>, as list prints it`,
    );
}
