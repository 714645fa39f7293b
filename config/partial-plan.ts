/**
 * Environment variable of a preview in which the outputs of other stacks are unknown, because they or this one do not
 * exist yet.
 */
export const partialPlan = "SUPERCLUSTER_PARTIAL_PLAN";
