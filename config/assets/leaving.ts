import type { StreamAsset, Tenants } from "./asset";
import type { StreamSpec, TenantSpec } from "../schema/tenant";

/**
 * A tenant leaves in two releases. In the first its streams and durables are deleted, by users of its account; in the
 * second its entry goes, and its account with it. docs/adr/0016.
 */
export const isLeaving = ({ state }: Pick<TenantSpec, "state">): boolean => state === "leaving";

/** The tenants whose streams are to be there. */
export const presentTenants = (tenants: Tenants): Tenants =>
  Object.fromEntries(Object.entries(tenants).filter(([, tenant]) => !isLeaving(tenant)));

/** How many messages a leaving tenant's stream may cost: what it says itself, or what its tenant says of all. */
export function lossAllowed(
  { allowDataLoss: ofAll = [] }: TenantSpec,
  { spec }: Pick<StreamAsset, "spec">,
): StreamSpec["allowDataLoss"] {
  // Its own specification lets it go with its messages: the canary.
  if (spec.deletionPolicy === "delete") return [{ change: "delete", maxMessages: Number.MAX_SAFE_INTEGER }];
  const own = (spec.allowDataLoss ?? []).filter(({ change }) => change === "delete");
  const allowed = own.length ? own : ofAll;
  return allowed.length ? allowed : undefined;
}
