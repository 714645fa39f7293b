import { Failure } from "../../engine/failure";
import { colours, print } from "../../engine/terminal";
import { runLoad } from "../../operations/load/load";
import { type LoadRequest, loadPlan } from "../../operations/load/plan";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { accountsWithTraffic } from "../../operations/traffic/traffic";
import { renderLoad } from "../render/load";

export interface LoadCommand extends LoadRequest {
  env: string;
  yesLoad?: string;
  json?: boolean;
}

/** Publishes the sample traffic of several accounts and reports what became of it. */
export async function load({ env, yesLoad, json = false, ...request }: LoadCommand): Promise<void> {
  const checked = checkedEnvironment(env);
  const known = accountsWithTraffic().filter((account) => account in checked.tenants);
  const report = await runLoad(checked, { ...loadPlan(request, known), yesLoad });
  print(json ? JSON.stringify(report, undefined, 2) : renderLoad(report, colours.dim));
  const missing = report.accounts.reduce((sum, account) => sum + account.missing.length, 0);
  const unacknowledged = report.accounts.reduce((sum, account) => sum + account.unacknowledged, 0);
  if (missing > 0) throw new Failure(`${missing} acknowledged messages are missing`);
  if (unacknowledged > 0) throw new Failure(`${unacknowledged} messages were not acknowledged`);
}
