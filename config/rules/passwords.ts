import * as z from "zod";
import type { Tenants } from "../assets/asset";
import { provisioner, systemAccount } from "../assets/standard";
import { withStandardParts } from "../assets/standard-parts";
import { joinPath, parse, type Problem, unknownName } from "../problems";
import { passwords, userKey } from "../schema/passwords";

/** Users that have a password or a token, as `<account>/<user>`. */
export const usersWithPasswords = (tenants: Tenants): string[] => [
  ...Object.values(tenants).flatMap((tenant) =>
    [
      provisioner,
      ...Object.entries(withStandardParts(tenant).users).flatMap(([user, { login }]) =>
        login === "nkey" || login === "certificate" ? [] : [user],
      ),
    ].map((user) => userKey(tenant.name, user)),
  ),
  userKey(systemAccount.name, systemAccount.user),
];

/** Every mistake in `supercluster:passwords`. `path`: where the setting stands. */
export function passwordProblems(raw: unknown, tenants: Tenants, path: string): Problem[] {
  const { value = {}, problems } = parse(z.record(z.string(), z.unknown()).optional(), raw, path);
  const known = usersWithPasswords(tenants);
  return [
    ...problems,
    ...Object.entries(value).flatMap(([key, entry]) => {
      const at = joinPath(path, key);
      const parsed = parse(passwords, entry, at);
      const { accepted = [], given } = parsed.value ?? {};
      return [
        ...(known.includes(key) ? [] : [{ path: at, message: unknownName(key, "a user with a password", known) }]),
        ...parsed.problems,
        ...(given === undefined || accepted.includes(given)
          ? []
          : [
              {
                path: `${at}.given`,
                message: `${given} is not accepted (${accepted.join(", ")}), so no client gets in`,
              },
            ]),
        ...(new Set(accepted).size === accepted.length
          ? []
          : [{ path: `${at}.accepted`, message: `${accepted.join(", ")} lists a generation twice` }]),
      ];
    }),
  ];
}
