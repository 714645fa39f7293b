import type { TenantSpec } from "../../config/schema/tenant";

/** A tenant in an installation that has only these regions: no mirrors elsewhere, and no rights on them. */
export function within({ streams, keyValues, objectStores, users, ...tenant }: TenantSpec, regions: string[]) {
  const mirrored = <Spec extends { mirrors?: object }>(specs: Record<string, Spec> = {}) =>
    mapped(specs, ({ mirrors = {}, ...spec }) => ({
      ...spec,
      mirrors: Object.fromEntries(Object.entries(mirrors).filter(([region]) => regions.includes(region))),
    }));
  const elsewhere = Object.entries({ ...keyValues, ...objectStores }).flatMap(([bucket, { mirrors = {} }]) =>
    Object.keys(mirrors).flatMap((region) => (regions.includes(region) ? [] : `${bucket}-${region}`)),
  );
  const readable = <Rights>(rights: Record<string, Rights> = {}) =>
    Object.fromEntries(Object.entries(rights).filter(([bucket]) => !elsewhere.includes(bucket)));
  return {
    ...tenant,
    streams: mirrored(streams),
    keyValues: mirrored(keyValues),
    objectStores: mirrored(objectStores),
    users: mapped(users, (user) => ({
      ...user,
      keyValues: readable(user.keyValues),
      objectStores: readable(user.objectStores),
    })),
  } as TenantSpec;
}

const mapped = <From, To>(of: Record<string, From>, change: (one: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(of).map(([name, one]) => [name, change(one)]));
