import { deadLetterNames } from "../../workers/messaging/contract";
import { deadLetterParts, deadLetterSources } from "../assets/dead-letters";
import { withLanes } from "../assets/lanes";
import type { ValidationContext } from "./context";
import { type Rule, rule } from "./rule";
import { tenants } from "./scopes";

/** Tenants with dead letters, those that have mistakes elsewhere included. */
const keeping = (context: ValidationContext) =>
  tenants(context)
    .filter(({ tenant }) => tenant.deadLetters !== undefined)
    // With the durables of lanes.
    .map((scope) => ({ ...scope, tenant: withLanes(scope.tenant), declared: scope.tenant }));

/** Names that a tenant has given to something of its own, although they are derived. */
const taken = (context: ValidationContext) =>
  keeping(context).flatMap((scope) => {
    const derived = deadLetterParts(scope.tenant);
    return (["streams", "consumers", "users"] as const).flatMap((kind) =>
      Object.keys(scope.declared[kind])
        .filter((name) => name in derived[kind])
        .map((name) => ({ ...scope, path: [...scope.path, kind, name], kind, name })),
    );
  });

/** Durables, each with the earlier one whose replays would be read by a durable of the same name. */
const sources = (context: ValidationContext) =>
  keeping(context).flatMap((scope) =>
    deadLetterSources(scope.tenant).map(({ durable, replays, stream }, index, all) => ({
      ...scope,
      path: [...scope.path, "consumers", durable],
      replays,
      // Lanes of one consumer have it in common.
      twin: all.slice(0, index).find((other) => other.replays === replays && other.stream !== stream),
    })),
  );

export const deadLetterRules: Rule[] = [
  rule({
    each: keeping,
    at: ["deadLetters"],
    // What durables there are is unknown where one has mistakes of its own.
    when: ({ key, tenant, declared: own }, { declared }) =>
      deadLetterSources(tenant).length === 0 &&
      declared.consumers(key).every((durable) => own.consumers[durable] !== undefined),
    message: ({ key }) =>
      `${key} has no durable with ackPolicy "explicit", so nothing could become a dead letter; leave it out`,
  }),
  rule({
    each: taken,
    when: () => true,
    message: ({ name, kind }) =>
      `"${name}" is one of the ${kind} that the account has by deadLetters (docs/dead-letters.md); rename this one`,
  }),
  rule({
    each: sources,
    when: ({ twin }) => twin !== undefined,
    message: ({ replays, twin }) =>
      `its replays would be read by durable "${replays}" of ${deadLetterNames.replays}, ` +
      `as those of ${twin!.durable} on ${twin!.stream} are; rename one of them`,
  }),
];
