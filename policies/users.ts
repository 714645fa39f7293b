import { known, type Resource } from "./resource";
import { localServerType } from "./servers";

const secretType = "kubernetes:core/v1:Secret";
const localWorkerType = "pulumi-nodejs:dynamic/local:Worker";

/** What no rule about users can check. */
export const hiddenUsers =
  "The accounts file is a secret made of the identity stack's outputs. " +
  "Where a preview does not know them (a partial plan, before that stack is deployed), " +
  "and in an exported state, which hides them, no user is checked; " +
  "an `up` checks all of them before servers get the file.";

/** Types in which a region's accounts and users are. */
export const userTypes = [secretType, localServerType, localWorkerType] as const;

interface SubjectRules {
  allow?: string[];
  deny?: string[];
}

export interface User {
  account: string;
  /** Name to log in with, or public nkey. */
  login: string;
  permissions?: { publish?: SubjectRules; subscribe?: SubjectRules };
}

/** A subject that an account shares. */
interface Export {
  account: string;
  subject: string;
  /** Who may import it. Absent: every account. */
  accounts?: string[];
}

/** Where each type has its secret files, and how they are encoded there. */
const secretFields = [
  { type: secretType, field: "data", decode: (text: string) => Buffer.from(text, "base64").toString() },
  // Of Secrets that earlier versions of this program made.
  { type: secretType, field: "stringData", decode: (text: string) => text },
  { type: localServerType, field: "secrets", decode: (text: string) => text },
];

/**
 * Users of the accounts file (components/security/accounts-conf.ts), and those about whom servers ask the auth callout.
 * Both come from the identity stack's outputs: none where a preview does not know them, or where a state hides them.
 */
export const usersOf = (resource: Resource): User[] => [
  ...accountsOf(resource).flatMap(([account, { users = [] }]) =>
    users.map(({ user, nkey, permissions }) => ({ account, login: user ?? nkey!, permissions })),
  ),
  ...calloutUsersOf(resource),
];

/** Where each type has the connection of a worker, and how it is encoded there. */
const connectionFields = [
  { type: secretType, field: "data", decode: (text: string) => Buffer.from(text, "base64").toString() },
  { type: localWorkerType, field: "connection", decode: (text: string) => text },
];

/** Of the connection of the service (components/security/callout-users.ts). */
function calloutUsersOf({ type, inputs }: Resource): User[] {
  const { field, decode } = connectionFields.find((one) => one.type === type) ?? {};
  const connection = field === undefined ? undefined : known(inputs, field);
  const text = typeof connection === "object" && connection !== null ? known(connection, "AUTH_USERS") : undefined;
  if (typeof text !== "string") return [];
  const users = JSON.parse(decode!(text)) as CalloutUser[];
  return users.map(({ account, login, publish, subscribe }) => ({
    ...{ account, login },
    permissions: { publish, subscribe },
  }));
}

type CalloutUser = Pick<User, "account" | "login"> & Required<NonNullable<User["permissions"]>>;

/** What accounts of the file share, streams and services alike; nothing where a preview does not know it. */
export const exportsOf = (resource: Resource): Export[] =>
  accountsOf(resource).flatMap(([account, { exports: shared = [] }]) =>
    shared.map(({ stream, service, accounts }) => ({ account, subject: (stream ?? service)!, accounts })),
  );

const accountsOf = ({ type, inputs }: Resource): [string, Account][] =>
  secretFields
    .filter((field) => field.type === type)
    .flatMap(({ field, decode }) => textsIn(known(inputs, field)).map(decode))
    .flatMap((text) => accountsIn.exec(text)?.[1] ?? [])
    .flatMap((json) => Object.entries(JSON.parse(json) as Record<string, Account>));

/** The last statement of its file. */
const accountsIn = /^accounts: ([^]*)/m;

interface Account {
  users?: { user?: string; nkey?: string; permissions?: User["permissions"] }[];
  exports?: { stream?: string; service?: string; accounts?: string[] }[];
}

const textsIn = (files: unknown): string[] =>
  typeof files === "object" && files !== null
    ? Object.keys(files)
        .flatMap((key) => known(files, key))
        .filter((text) => typeof text === "string")
    : [];
