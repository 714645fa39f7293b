import { print } from "../../engine/terminal";
import { readAccess } from "../../operations/access/access";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { failedChecks, verifySupercluster } from "../../operations/verify/verify";
import { renderVerification, requireSuccess } from "../render/verification";

/**
 * Runs every check and proves that messages pass between regions.
 * @throws {Failure} naming each check that failed
 */
export async function verify({ env, json = false }: { env: string; json?: boolean }): Promise<void> {
  const checked = checkedEnvironment(env);
  const verification = await verifySupercluster(checked, await readAccess(checked));
  const ok = failedChecks(verification).length === 0;
  print(
    json ? JSON.stringify({ ok, checks: verification.checks }, undefined, 2) : `\n${renderVerification(verification)}`,
  );
  requireSuccess(verification);
}
