import { calloutAccount, canary, loginOf, mirrorName, provisioner, systemAccount } from "../assets/standard";
import { withStandardParts } from "../assets/standard-parts";
import { unknownName } from "../problems";
import { reservedIn } from "../reserved-subjects";
import { bucketKinds } from "../schema/bucket";
import type { TenantSpec, UserSpec } from "../schema/tenant";
import { overlaps } from "../subjects";
import { toMilliseconds } from "../units";
import type { ValidationContext } from "./context";
import { text } from "./messages";
import { type Rule, rule } from "./rule";
import { tenants, users } from "./scopes";

/** Every login of the servers, in their order, with the earlier one that is spelled the same. */
const logins = (context: ValidationContext) =>
  [
    ...[systemAccount.user, systemAccount.probe].map((user) => ({
      ...{ path: ["accounts", systemAccount.name], account: systemAccount.name, user: user },
    })),
    ...(context.environment.authCallout
      ? [{ path: ["accounts", calloutAccount.name], account: calloutAccount.name, user: calloutAccount.user }]
      : []),
    ...tenants(context).flatMap(({ path, tenant }) =>
      [provisioner, ...Object.keys(withStandardParts(tenant).users)].map((user) => ({
        path: user in tenant.users ? [...path, "users", user] : path,
        account: tenant.name,
        user,
      })),
    ),
  ].map((scope, index, all) => ({
    ...scope,
    twin: all
      .slice(0, index)
      .find(
        ({ account, user }) =>
          account !== scope.account && loginOf(account, user) === loginOf(scope.account, scope.user),
      ),
  }));

const consumed = (context: ValidationContext) =>
  users(context).flatMap((scope) =>
    (scope.user.consumes ?? []).map((durable, index) => ({
      ...scope,
      path: [...scope.path, "consumes", index],
      durable,
    })),
  );

/** Where users name subjects. */
const subjectFields = {
  publishes: { at: ["publishes"], of: (user: UserSpec) => user.publishes },
  subscribes: { at: ["subscribes"], of: (user: UserSpec) => user.subscribes },
  requests: { at: ["requests"], of: (user: UserSpec) => user.requests },
  responds: { at: ["responds", "endpoints"], of: (user: UserSpec) => user.responds?.endpoints },
} as const;

/** Subjects that users name in these fields, each with its place. */
const userSubjects =
  (...fields: readonly (keyof typeof subjectFields)[]) =>
  (context: ValidationContext) =>
    users(context).flatMap((scope) =>
      fields.flatMap((field) => {
        const { at, of } = subjectFields[field];
        return (of(scope.user) ?? []).map((subject, index) => ({
          ...scope,
          path: [...scope.path, ...at, index],
          subject,
        }));
      }),
    );

const explicitlyAllowed = (context: ValidationContext) =>
  users(context).flatMap((scope) =>
    (["publish", "subscribe"] as const).flatMap((field) =>
      (scope.user.allow?.[field] ?? []).map((subject, index) => ({
        ...scope,
        path: [...scope.path, "allow", field, index],
        subject,
      })),
    ),
  );

/** The stream that a tenant's mirror of this name copies; undefined where there is no such mirror. */
const originOf = ({ streams }: TenantSpec, mirror: string): string | undefined =>
  Object.entries(streams).find(([name, { mirrors = {} }]) =>
    Object.keys(mirrors).some((region) => mirrorName(name, region) === mirror),
  )?.[0];

/** A user's buckets, with what their kind is and how its streams' names begin. */
const buckets = (context: ValidationContext) =>
  users(context).flatMap((scope) =>
    (["keyValues", "objectStores"] as const).flatMap((field) =>
      Object.entries(scope.user[field] ?? {}).map(([bucket, rights]) => ({
        ...scope,
        path: [...scope.path, field, bucket],
        field,
        bucket,
        rights: [rights].flat(),
        origin: originOf(scope.tenant, bucketKinds[field].prefix + bucket),
        ...bucketKinds[field],
      })),
    ),
  );

export const userRules: Rule[] = [
  rule({
    each: users,
    when: ({ name }) => name === provisioner || name === canary.user,
    message: ({ name }) => `"${name}" is a user that every account has already; rename this one`,
  }),
  rule({
    each: logins,
    when: ({ twin }) => twin !== undefined,
    message: ({ account, user, twin }) =>
      `logs in as "${loginOf(account, user)}", ` +
      `which is also the login of user "${twin!.user}" of account "${twin!.account}"; rename one of them`,
  }),
  rule({
    each: consumed,
    when: ({ key, durable }, { declared }) => !declared.consumers(key).includes(durable),
    message: ({ key, durable }, { declared }) => unknownName(durable, `a durable of ${key}`, declared.consumers(key)),
  }),
  rule({
    each: userSubjects("publishes", "subscribes", "requests", "responds"),
    when: ({ subject }) => /^(\$JS|\$JSC|\$MQTT|\$NRG|\$SYS|_INBOX)/.test(subject),
    message: ({ subject }) =>
      `${text(subject)} is derived, never declared; name the durable in "consumes", or the exact subject in "allow"`,
  }),
  rule({
    each: (context) => [
      ...userSubjects("publishes", "subscribes", "requests", "responds")(context),
      ...explicitlyAllowed(context),
    ],
    when: ({ subject }) => reservedIn(subject) !== undefined,
    message: ({ subject }) => `${text(subject)} includes ${reservedIn(subject)!}; write only the subjects it needs`,
  }),
  rule({
    each: users,
    at: ["responds", "expires"],
    when: ({ user }) => user.responds?.expires !== undefined && toMilliseconds(user.responds.expires) < 1,
    message: ({ user }) =>
      `${text(user.responds!.expires)} is over before an answer can be sent, and 0 means 2 minutes to the server; ` +
      'write e.g. "5s", or leave it out',
  }),
  rule({
    each: buckets,
    when: ({ key, bucket, prefix }, { declared }) => !declared.streams(key).includes(prefix + bucket),
    message: ({ key, bucket, what, prefix }, { declared }) => {
      const streams = declared.streams(key).filter((stream) => stream.startsWith(prefix));
      const known = streams.map((stream) => stream.slice(prefix.length));
      return unknownName(bucket, `${what} of ${key}`, known);
    },
  }),
  rule({
    each: buckets,
    when: ({ field, origin, rights }) =>
      field === "keyValues" && origin !== undefined && rights.some((right) => right === "put" || right === "purge"),
    message: ({ bucket, origin, prefix }) =>
      `"${bucket}" is a mirror, which takes no writes; ` +
      `give the right to write on ${text(origin!.slice(prefix.length))}`,
  }),
  rule({
    each: buckets,
    when: ({ field, origin }) => field === "objectStores" && origin !== undefined,
    message: ({ bucket, origin, prefix }) =>
      `"${bucket}" is a mirror, whose objects have the subjects of ${text(origin!.slice(prefix.length))}, ` +
      `so clients find none in it; write ${text(origin!.slice(prefix.length))}`,
  }),
  rule({
    each: explicitlyAllowed,
    when: ({ subject }, { environment }) => subject.startsWith(`$JS.${environment.jetstreamDomain}.API.`),
    message: ({ subject }) =>
      `${text(subject)} has no effect: servers read it as $JS.API before they check permissions; ` +
      "leave the domain out, and both are allowed",
  }),
  rule({
    each: userSubjects("requests", "responds"),
    when: ({ subject, tenant }) =>
      Object.values(tenant.streams).some(({ subjects }) => subjects.some((other) => overlaps(subject, other))),
    message: ({ subject }) =>
      `${text(subject)} is stored by a stream, whose acknowledgement would be the first answer; ` +
      'use another subject; to store a message, "publishes"',
  }),
];
