import { known, type Resource } from "./resource";
import { localServerType } from "./servers";

const secretType = "kubernetes:core/v1:Secret";

/** What no rule about users can check. */
export const hiddenUsers =
  "The accounts file is a secret made of the identity stack's outputs. " +
  "Where a preview does not know them (a partial plan, before that stack is deployed), " +
  "and in an exported state, which hides them, no user is checked; " +
  "an `up` checks all of them before servers get the file.";

/** Types in which a region's accounts and users are. */
export const userTypes = [secretType, localServerType] as const;

interface SubjectRules {
  allow?: string[];
  deny?: string[];
}

export interface User {
  account: string;
  /** Name to log in with. */
  login: string;
  permissions?: { publish?: SubjectRules; subscribe?: SubjectRules };
}

/** Where each type has its secret files, and how they are encoded there. */
const secretFields = [
  { type: secretType, field: "data", decode: (text: string) => Buffer.from(text, "base64").toString() },
  // Of Secrets that earlier versions of this program made.
  { type: secretType, field: "stringData", decode: (text: string) => text },
  { type: localServerType, field: "secrets", decode: (text: string) => text },
];

/**
 * Users of the accounts file (components/security/accounts-conf.ts). It contains password hashes, so it comes from the
 * identity stack's outputs: none where a preview does not know them, or where a state hides them.
 */
export function usersOf({ type, inputs }: Resource): User[] {
  return secretFields
    .filter((field) => field.type === type)
    .flatMap(({ field, decode }) => textsIn(known(inputs, field)).map(decode))
    .flatMap((text) => accountsIn.exec(text)?.[1] ?? [])
    .flatMap((json) => Object.entries(JSON.parse(json) as Accounts))
    .flatMap(([account, { users = [] }]) =>
      users.map(({ user, permissions }) => ({ account, login: user, permissions })),
    );
}

/** The last statement of its file. */
const accountsIn = /^accounts: ([^]*)/m;

type Accounts = Record<string, { users?: { user: string; permissions?: User["permissions"] }[] }>;

const textsIn = (files: unknown): string[] =>
  typeof files === "object" && files !== null
    ? Object.keys(files)
        .flatMap((key) => known(files, key))
        .filter((text) => typeof text === "string")
    : [];
