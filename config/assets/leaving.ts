import type { StreamAsset, Tenants } from "./asset";
import type { StreamSpec, TenantSpec } from "../schema/tenant";

/**
 * A tenant leaves in two releases. In the first its streams and durables are deleted, by users of its account; in the
 * second its entry is removed, and its account with it. docs/adr/0016.
 */
export const isLeaving = ({ state }: Pick<TenantSpec, "state">): boolean => state === "leaving";

/** The tenants whose streams must exist. */
export const presentTenants = (tenants: Tenants): Tenants =>
  Object.fromEntries(Object.entries(tenants).filter(([, tenant]) => !isLeaving(tenant)));

/** How many messages a leaving tenant's stream may cost: its own setting, or its tenant's for all. */
export function lossAllowed(
  { allowDataLoss: ofAll = [] }: TenantSpec,
  { spec }: Pick<StreamAsset, "spec">,
): StreamSpec["allowDataLoss"] {
  // Its own specification allows to delete it with its messages: the canary.
  if (spec.deletionPolicy === "delete") return [{ change: "delete", maxMessages: Number.MAX_SAFE_INTEGER }];
  const own = (spec.allowDataLoss ?? []).filter(({ change }) => change === "delete");
  const allowed = own.length ? own : ofAll;
  return allowed.length ? allowed : undefined;
}
