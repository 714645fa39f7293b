import { plural } from "../../config/plural";
import { toMilliseconds } from "../../config/units";
import { assertDuration } from "../../config/units";
import { InvalidInput, type Problem, unknownName } from "../../config/problems";
import { BadUsage, Failure } from "../../engine/failure";
import { withEnvironmentLock } from "../../engine/lock";
import { colours, logProgress, print } from "../../engine/terminal";
import { readAccess } from "../../operations/access/access";
import { monitoringStatus } from "../../operations/monitoring/monitoring-status";
import { type Drill, type DrillName, drillNames } from "../../operations/drills/drill";
import { type DrillResult, missedOf, type NotMeasured, notMeasured } from "../../operations/drills/report";
import { type DrillOptions, runDrill } from "../../operations/drills/run";
import { drills } from "../../operations/drills/table";
import { type CheckedEnvironment, checkedEnvironment } from "../../operations/settings/checked-environment";
import { renderDrill, renderDrills, renderTable } from "../render/drill";

export interface DrillCommand {
  env: string;
  list?: boolean;
  region?: string;
  hold?: string;
  clients: string;
  yesDrill?: string;
  json?: boolean;
}

/**
 * Runs one drill, or all, one after another; prints what was measured. One of all that fails is reported with the rest.
 *
 * @throws {BadUsage} where it is refused; nothing was done
 * @throws CannotSimulate where this machine cannot do the one that was asked for
 * @throws {Failure} where something that is expected did not hold
 */
export async function drill(name: string | undefined, { env, list, json = false, ...options }: DrillCommand) {
  if (list) return print(renderDrills(Object.values(drills), colours.dim));
  const asked = selected(name);
  const runOptions = optionsOf(options);
  const checked = checkedEnvironment(env);
  for (const one of asked) assertAllowed(one, checked, options.yesDrill);
  if (options.region !== undefined && !checked.environment.regions.includes(options.region))
    throw new BadUsage(`--region ${unknownName(options.region, "a region", checked.environment.regions)}`);
  const access = await readAccess(checked);
  const prometheus = (await monitoringStatus(checked))?.prometheus.url;
  if (prometheus === undefined) logProgress("no Prometheus is known, so alerts are not reported (--with-monitoring)");
  const results: (DrillResult | NotMeasured)[] = [];
  await withEnvironmentLock(env, `drill ${name} --env ${env}`, async () => {
    for (const one of asked)
      try {
        const result = await runDrill(one, checked, access, { ...runOptions, prometheus });
        results.push(result);
        if (!json) print(renderDrill(result, colours.dim));
      } catch (error) {
        const instead = asked.length === 1 ? undefined : notMeasured(one.name, error);
        if (!instead) throw error;
        logProgress(`${one.name}: not measured: ${instead.why}`);
        results.push(instead);
      }
  });
  print(json ? JSON.stringify(results, undefined, 2) : `\n${renderTable(results, colours.dim)}`);
  const missed = missedOf(results);
  if (missed.length > 0)
    throw new Failure(
      `${plural(missed.length, "expectation")} missed:\n${missed.map((line) => `  ${line}`).join("\n")}`,
    );
}

function selected(name: string | undefined): Drill[] {
  if (name === "all") return drillNames.map((one) => drills[one]);
  const found = drills[name as DrillName];
  if (found) return [found];
  throw new BadUsage(
    name === undefined
      ? `which accident? npm run drill -- --list describes them: ${drillNames.join(", ")}, or all`
      : unknownName(name, "an accident", [...drillNames, "all"]),
  );
}

/** @throws {InvalidInput} with every mistake */
function optionsOf({ region, hold, clients }: Pick<DrillCommand, "region" | "hold" | "clients">): DrillOptions {
  const problems: Problem[] = [];
  try {
    if (hold !== undefined) assertDuration(hold);
  } catch (error) {
    problems.push({ path: "--hold", message: (error as Error).message });
  }
  if (!(Number.isInteger(Number(clients)) && Number(clients) > 0 && Number(clients) <= 20_000))
    problems.push({ path: "--clients", message: `"${clients}": expected a whole number from 1 to 20000` });
  if (problems.length > 0) throw new InvalidInput(problems, "options");
  return { region, holdMs: hold === undefined ? undefined : toMilliseconds(hold), clients: Number(clients) };
}

function assertAllowed({ name, production }: Drill, checked: CheckedEnvironment, confirmed: string | undefined): void {
  if (checked.environment.target === "local") return;
  if (production !== "confirmed")
    throw new BadUsage(`${name} is for local environments: ${production.refused}. Nothing was done.`);
  if (confirmed !== checked.name)
    throw new BadUsage(
      `${checked.name} is not a local environment: ${name} publishes to the streams of its tenants. ` +
        `To confirm, pass --yes-drill ${checked.name}. Nothing was done.`,
    );
}
