import { consumerArgs, streamArgs } from "../../jetstream/asset-args";
import { consumerFields, streamFields, type Wire } from "../../jetstream/fields";
import { type Difference, differences } from "../../jetstream/wire";
import { assetsOf } from "../../config/assets/assets";
import { InvalidInput, joinPath } from "../../config/problems";
import { validateTenants } from "../../config/rules/validate";
import { asTenant, type Draft, type Place, type Remark } from "./draft";
import { type LiveStream, nameOf } from "./live";

/** What bringing up an imported tenant would change, and what is left to decide. Pure. */

/** Differences between what would be deployed and what exists: by name, and as text. */
export function comparison(
  draft: Draft,
  live: LiveStream[],
  { account, environment }: Place,
): { differing: Map<string, Difference[]>; remarks: Remark[] } {
  const { streams, consumers } = assetsOf(environment, { [account]: asTenant(draft) });
  const configs = new Map(
    live.flatMap(({ info, consumers: durables }): [string, Wire][] => [
      [nameOf(info), info.config],
      ...durables.map((durable): [string, Wire] => [`${nameOf(info)}/${nameOf(durable)}`, durable.config]),
    ]),
  );
  const differing = [
    ...streams.map((asset) => ({ name: asset.name, fields: streamFields, args: streamArgs(asset) })),
    ...consumers.map((asset) => ({
      name: `${asset.stream}/${asset.name}`,
      fields: consumerFields,
      args: consumerArgs(asset),
    })),
  ].flatMap(({ name, fields, args }): [string, Difference[]][] => {
    const config = configs.get(name);
    const found = config ? differences(fields, args, config) : [];
    return found.length ? [[name, found]] : [];
  });
  return {
    differing: new Map(differing),
    remarks: differing.flatMap(([at, found]) => found.map((difference) => ({ at, message: changeText(difference) }))),
  };
}

const changeText = ({ field, expected, found }: Difference): string =>
  `${field}: ${valueText(found)} -> ${valueText(expected)}`;
const valueText = (value: unknown): string => (value === undefined ? "not set" : JSON.stringify(value));

/** What must be written before the tenant is valid: every problem of schema and rules. */
export function decisionsOf(draft: Draft, place: Place): Remark[] {
  const users = place.declared
    ? []
    : [
        {
          at: "users",
          message: "servers do not know the tenant's users: add each one with what it publishes and consumes",
        },
      ];
  return [...mistakesOf(draft, place), ...users];
}

function mistakesOf(draft: Draft, { account, environment, tenants }: Place): Remark[] {
  try {
    validateTenants({ ...tenants, [account]: draft }, environment);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    const root = `${joinPath("tenants", account)}.`;
    return error.problems.flatMap(({ path, message }) =>
      path.startsWith(root) ? [{ at: path.slice(root.length), message }] : [],
    );
  }
}
