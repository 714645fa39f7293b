import { colours, logProgress, print, progressColours as colour } from "../../engine/terminal";
import { planEnvironment } from "../../operations/plan/plan";
import { failureOf } from "../../operations/plan/rows";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { restartLines } from "../../operations/supercluster/restarting-regions";
import { renderRows } from "../render/plan";

/**
 * Prints what a deployment would do to each stream and consumer, and what that would cost now; changes nothing. Fails
 * where something would be refused, is unknown, or would lose messages without `allowDataLoss`.
 */
export async function plan({ env, json = false }: { env: string; json?: boolean }): Promise<void> {
  const { regions, restarts, stacks, undeclared, verdict } = await planEnvironment(checkedEnvironment(env));
  const { ok, summary } = verdict;
  if (json)
    print(JSON.stringify({ environment: env, ok, summary, regions, restarts, stacks, undeclared }, undefined, 2));
  else {
    for (const { region, leaving, refusal } of regions)
      print(
        `\n${refusal ? colours.red(refusal) : `${region}: ${leaving.join(", ")} would be stopped; they hold nothing`}`,
      );
    for (const line of restartLines(restarts)) print(`\n${line}`);
    for (const { stack, changes, warnings } of stacks) {
      for (const warning of warnings) logProgress(colour.yellow(`${stack}: ${warning}`));
      print(`\n${stack}${changes.length ? `\n${renderRows(changes)}` : ": nothing to change"}`);
    }
    for (const [account, names] of Object.entries(undeclared))
      print(`\nnot declared, and left as they are: ${names.map((name) => `${account}/${name}`).join(", ")}`);
    print(`\n${summary}`);
  }
  const failure = failureOf(
    verdict,
    stacks.flatMap(({ failures }) => failures),
  );
  if (failure) throw failure;
}
