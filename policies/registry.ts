import { policyOf } from "./rule";
import { streamIsBounded } from "./rules/stream-is-bounded";

/** Every rule. A new one is a file in rules/, a line here, a section in docs/policies.md and a test beside the others. */
export const rules = [streamIsBounded];

export const policies = rules.map(policyOf);
