import { joinPath, type Problem } from "../problems";
import { type ArgumentRule, findingsOf } from "./arguments/argument-rule";
import type { ValidationContext } from "./context";

/** What a rule applies to, and where it stands in the settings or tenants. */
export interface Scope {
  path: PropertyKey[];
}

/** One rule: finds its problems in everything that was declared. Pure; throws nothing. */
export type Rule = (context: ValidationContext) => Problem[];

/**
 * Makes a rule about what a schema cannot express, because it relates more than one field. A message follows the form
 * "<value> <what is wrong> (<error>); <what to write instead>"; the number is the error that JetStream would answer
 * with, and a message without one is about a mistake that JetStream accepts silently.
 */
export function rule<S extends Scope>(row: {
  /** What the rule applies to. */
  each: (context: ValidationContext) => S[];
  /** Field of the scope that has the problem. Default: the scope itself. */
  at?: PropertyKey[];
  /** Whether the rule is broken. */
  when: (scope: S, context: ValidationContext) => boolean;
  message: (scope: S, context: ValidationContext) => string;
}): Rule {
  return (context) =>
    row
      .each(context)
      .filter((scope) => row.when(scope, context))
      .map((scope) => ({ path: joinPath(...scope.path, ...(row.at ?? [])), message: row.message(scope, context) }));
}

/** Rules about the arguments of one stream or consumer, applied to each that is declared. */
export function argumentRulesOnEach<Args>(
  rules: readonly ArgumentRule<Args>[],
  each: (context: ValidationContext) => (Scope & { args: Args })[],
): Rule[] {
  return rules.map(
    (one) => (context) =>
      each(context).flatMap(({ path, args }) =>
        findingsOf([one], args).map(({ at, message }) => ({ path: joinPath(...path, ...at), message })),
      ),
  );
}
