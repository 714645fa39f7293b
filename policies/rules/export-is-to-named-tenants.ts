import { exceptions, isExcepted } from "../jetstream-resources";
import type { ResourceRule } from "../rule";
import { exportsOf, hiddenUsers, userTypes } from "../users";

export const exportIsToNamedTenants: ResourceRule<string[]> = {
  name: "export-is-to-named-tenants",
  description: "What an account shares is for tenants that it names, unless it is excepted.",
  severity: "low",
  enforcementLevel: "advisory",
  why:
    "An export to all can be imported by every tenant, also by those that come later, " +
    "and its owner does not see who listens.",
  remediation: 'Write the names of the tenants that need it in place of to: "all", or except the subject',
  notSeen: hiddenUsers,
  types: userTypes,
  setting: exceptions("Subjects", "shop/price.list"),
  violations: (resource, except) =>
    exportsOf(resource)
      .filter(({ account, subject, accounts }) => !accounts && !isExcepted(`${account}/${subject}`, except))
      .map(({ account, subject }) => `account ${account} shares ${subject} with every tenant`),
};
