import { deadLetterNames } from "../../workers/messaging/contract";
import { unknownName } from "../../config/problems";
import type { TenantSpec } from "../../config/schema/tenant";
import { BadUsage, Failure } from "../../engine/failure";
import { type Access, connectToAny, readAccess } from "../access/access";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { type AccountLetters, lettersOf } from "./account-letters";
import { deadLetterStore } from "./store";

/**
 * Works on the dead letters of an account, by its user for that.
 *
 * @param access default: it is read, which takes a process of Pulumi
 * @throws {BadUsage} where the account keeps none, before any server is asked
 * @throws {Failure} with what a server refused or did not answer
 */
export async function withDeadLetters<T>(
  checked: CheckedEnvironment,
  account: string,
  work: (letters: AccountLetters) => Promise<T>,
  access?: Access,
): Promise<T> {
  const tenant = keeping(checked, account);
  const connection = await connectToAny(access ?? (await readAccess(checked)), account, deadLetterNames.cli);
  try {
    return await work(lettersOf(await deadLetterStore(connection), tenant));
  } catch (error) {
    // What a server refused, or did not answer, is no mistake of this program.
    if (error instanceof Failure || !(error instanceof Error)) throw error;
    throw new Failure(`${error.message} (account ${account})`);
  } finally {
    await connection.close();
  }
}

/** The tenant, which must keep dead letters. */
export function keeping({ tenants }: Pick<CheckedEnvironment, "tenants">, account: string): TenantSpec {
  const tenant = tenants[account];
  if (!tenant) throw new BadUsage(unknownName(account, "an account", Object.keys(tenants)));
  if (tenant.deadLetters) return tenant;
  throw new BadUsage(
    `${account} keeps no dead letters; write deadLetters: {} in its tenant file and deploy (docs/dead-letters.md)`,
  );
}
