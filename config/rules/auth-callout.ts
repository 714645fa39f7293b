import { calloutAccount } from "../assets/standard";
import { calloutLogins } from "../schema/tenant";
import { toMilliseconds } from "../units";
import { isAtLeast, testedServers } from "../versions";
import type { ValidationContext } from "./context";
import { list, text } from "./messages";
import { type Rule, rule } from "./rule";
import { tenants, users } from "./scopes";

/** First version that asks clients for a certificate without refusing those that have none (`tls.verify: optional`). */
const optionalCertificates = "2.15.3";

const callouts = ({ name, environment }: ValidationContext) =>
  environment.authCallout
    ? [{ path: ["environments", name, "authCallout"], ...environment.authCallout, version: versionOf(environment) }]
    : [];

/** Of an image without a version in its tag nothing is known. */
const versionOf = (environment: ValidationContext["environment"]): string | undefined => {
  if (environment.target === "local") return environment.serverVersion ?? testedServers.newest;
  const { tag, digest } = environment.kubernetes.images.nats;
  return digest === undefined && /^v?\d+\.\d+\.\d+/.test(tag) ? tag : undefined;
};

const calloutUsers = (context: ValidationContext) =>
  users(context).flatMap((scope) => {
    const login = calloutLogins.find((one) => one === scope.user.login);
    return login ? [{ ...scope, login }] : [];
  });

/** Listeners at which each way to log in is possible. */
const listenersOf = { token: ["websocket"], certificate: [] } as const;

const impossible = ({ login, user }: ReturnType<typeof calloutUsers>[number]): string[] =>
  (user.listeners ?? []).filter((one) => !(listenersOf[login] as readonly string[]).includes(one));

/** Rules about users that servers ask a service about. */
export const authCalloutRules: Rule[] = [
  rule({
    each: callouts,
    at: ["certificates"],
    when: ({ certificates, version }) =>
      certificates === true && version !== undefined && !isAtLeast(version, optionalCertificates),
    message: ({ version }) =>
      `servers of ${version} ask either all clients for a certificate or none; ` +
      `take nats-server ${optionalCertificates} or later, or leave it out`,
  }),
  rule({
    each: callouts,
    at: ["expires"],
    when: ({ expires }) => expires !== undefined && toMilliseconds(expires) < 10_000,
    message: ({ expires }) => `${text(expires!)} would do little but log in; write "10s" or more, e.g. "1d"`,
  }),
  rule({
    each: tenants,
    when: ({ key }, { environment }) => environment.authCallout !== undefined && key === calloutAccount.name,
    message: () => `"${calloutAccount.name}" is the account of the auth callout; rename the tenant`,
  }),
  rule({
    each: calloutUsers,
    at: ["login"],
    when: (_, { environment }) => environment.authCallout === undefined,
    message: ({ login }, { name }) =>
      `servers know no ${login} of a user by themselves, so it would be refused; ` +
      `write environments.${name}.authCallout, or "password" or "nkey" here`,
  }),
  rule({
    each: calloutUsers,
    at: ["login"],
    when: ({ login }, { environment: { authCallout } }) =>
      login === "certificate" && authCallout !== undefined && !authCallout.certificates,
    message: (_, { name }) =>
      "servers ask no client for a certificate, so it would be refused; " +
      `write certificates: true in environments.${name}.authCallout`,
  }),
  rule({
    each: calloutUsers,
    at: ["listeners"],
    when: (scope) => impossible(scope).length > 0,
    message: (scope) =>
      `a user by ${scope.login} cannot connect by ${list(impossible(scope))}; ` +
      "leave it out, or let it log in by password",
  }),
];
