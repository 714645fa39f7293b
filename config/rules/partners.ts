import { unknownName } from "../problems";
import type { ValidationContext } from "./context";
import { text } from "./messages";
import { type Rule, rule } from "./rule";

/** What a tenant exports, to whom, where it stands. */
interface Exported {
  path: PropertyKey[];
  /** The tenant. */
  key: string;
  to: "all" | string[];
}

/** Rules about the tenants that exports name. `instead`: how it has what it would export to itself. */
export function partnerRules(exported: (context: ValidationContext) => Exported[], instead = ""): Rule[] {
  const partners = (context: ValidationContext) =>
    exported(context).flatMap(({ to, path, key }) =>
      to === "all" ? [] : to.map((partner, index) => ({ path: [...path, "to", index], key, partner })),
    );
  return [
    rule({
      each: partners,
      when: ({ partner }, { declared }) => !declared.tenants.includes(partner),
      message: ({ partner }, { declared }) => unknownName(partner, "a tenant", declared.tenants),
    }),
    rule({
      each: partners,
      when: ({ key, partner }) => key === partner,
      message: ({ partner }) => `${text(partner)} is this tenant itself${instead}; remove it`,
    }),
  ];
}
