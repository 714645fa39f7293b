/**
 * Environment variable of a preview in which the outputs of other stacks are unknown, because they or this one do not
 * exist yet.
 */
export const partialPlan = "SUPERCLUSTER_PARTIAL_PLAN";

/**
 * Environment variable of previews of all stacks of an environment together: how users appear whose passwords the
 * identity stack creates in the same deployment. `placeholder`: with permissions that policies can check. `unknown`: in
 * plans that are saved, which would otherwise hold the `up` to the placeholder.
 */
export const plannedUsers = "SUPERCLUSTER_PLANNED_USERS";
export type PlannedUsers = "placeholder" | "unknown";
export const plannedUsersAs = (how: PlannedUsers): Record<string, string> => ({ [plannedUsers]: how });
