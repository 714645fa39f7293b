import type { AccountSpec, AccountUser, Permissions, RegionIdentity } from "../../config/assets/region";
import type { Export, Import } from "../../config/assets/sharing";
import { shortHash } from "../short-hash";

/**
 * The file that every server of a region includes: accounts, limits, users with their permissions and hashes. A Secret,
 * and what a server reloads when a user or a limit changes. JSON is valid in a server's configuration, and quoted: a
 * bare `$2a$...` would be read as a variable. The first line is what a server reports once it has loaded the file.
 *
 * @param certificates fingerprint of those that servers are given beside it. Default: they are not in the file
 */
export function accountsConf(
  accounts: readonly AccountSpec[],
  users: RegionIdentity["users"],
  certificates?: string,
): string {
  const fingerprint = accountsFingerprint(accounts, users);
  const metadata = JSON.stringify({ [accountsMetadata]: fingerprint, [certificatesMetadata]: certificates });
  return `server_metadata: ${metadata}\n${accountsBlock(accounts, users)}`;
}

/** Keys of a server's metadata, which VARZ reports (nats-server 2.12 and later, reloadable). */
export const accountsMetadata = "accounts";
export const certificatesMetadata = "certificates";

/**
 * Identifies what is in the accounts file: 16 hexadecimal digits. Not secret: passwords are in it as hashes, and those
 * are of generated passwords.
 */
export const accountsFingerprint = (accounts: readonly AccountSpec[], users: RegionIdentity["users"]): string =>
  shortHash(accountsBlock(accounts, users));

function accountsBlock(accounts: readonly AccountSpec[], users: RegionIdentity["users"]): string {
  const conf = Object.fromEntries(accounts.map((account) => [account.name, accountConf(account, users)]));
  return `${calloutBlock(accounts, users)}accounts: ${JSON.stringify(conf, null, 2)}\n`;
}

/** Only clients that are not in this file are asked about: all others get in without the service. */
function calloutBlock(accounts: readonly AccountSpec[], users: RegionIdentity["users"]): string {
  const account = accounts.find((one) => one.users.some(({ answersServers }) => answersServers));
  if (!account) return "";
  const logins = account.users.map(({ login }) => login);
  const [callout] = logins.flatMap((login) => users[login]?.callout ?? []);
  if (!callout)
    throw new Error(`the identity has no keys of the auth callout; run "pulumi up" on the identity stack first`);
  const conf = {
    auth_callout: {
      issuer: callout.issuer.publicKey,
      xkey: callout.xkey.publicKey,
      account: account.name,
      auth_users: logins,
      allowed_accounts: [account.name],
    },
  };
  return `authorization: ${JSON.stringify(conf, null, 2)}\n`;
}

function accountConf(
  { jetstream, maxConnections, mappings, users: accountUsers, exports, imports }: AccountSpec,
  users: RegionIdentity["users"],
) {
  return {
    ...(jetstream && {
      jetstream: {
        max_memory: jetstream.maxMemory,
        max_file: jetstream.maxFile,
        max_streams: jetstream.maxStreams,
        max_consumers: jetstream.maxConsumers,
      },
    }),
    ...(maxConnections && { limits: { max_connections: maxConnections } }),
    ...(exports && { exports: exports.map(exportConf) }),
    ...(imports && { imports: imports.map(importConf) }),
    ...(mappings && { mappings: mappingsConf(mappings) }),
    users: accountUsers.flatMap((user) => (user.byCallout ? [] : usersConf(user, users))),
  };
}

const mappingsConf = (mappings: NonNullable<AccountSpec["mappings"]>) =>
  Object.fromEntries(
    Object.entries(mappings).map(([subject, to]) => [
      subject,
      typeof to === "string"
        ? to
        : to.map(({ to: destination, weight, region: cluster }) => ({
            ...{ destination, weight: `${weight}%` },
            ...(cluster && { cluster }),
          })),
    ]),
  );

/** Without accounts it is public. Servers forget after the threshold whom an answer goes to: 2 minutes by default. */
const exportConf = ({ kind, subject, to, expiresMs }: Export) => ({
  [kind]: subject,
  ...(to !== "all" && { accounts: to }),
  ...(expiresMs !== undefined && { threshold: `${expiresMs}ms` }),
});

/** Servers know a prefix of streams only; of a service the subject is written out. */
const importConf = ({ kind, subject, from, local }: Import) => ({
  [kind]: { account: from, subject },
  ...(local !== subject && (kind === "stream" ? { prefix: local.slice(0, -subject.length - 1) } : { to: local })),
});

/** One user, twice while one of its passwords replaces the other. */
function usersConf({ login, byNkey, permissions, connectionTypes }: AccountUser, users: RegionIdentity["users"]) {
  const known = users[login];
  // Without a hash, all who know the name could log in.
  if (!known?.hash || known.byNkey !== byNkey) {
    const what = byNkey ? "nkey" : "password";
    throw new Error(`the identity has no ${what} for user "${login}"; run "pulumi up" on the identity stack first`);
  }
  const rights = {
    ...(connectionTypes && { allowed_connection_types: connectionTypes }),
    permissions: {
      publish: rulesConf(permissions.publish),
      subscribe: rulesConf(permissions.subscribe),
      ...(permissions.responses && { allow_responses: responsesConf(permissions.responses) }),
    },
  };
  const logins = [{ login: known.login ?? login, hash: known.hash }, ...(known.also ? [known.also] : [])];
  return logins.map(({ login: user, hash }) => ({
    ...(byNkey ? { nkey: hash } : { user, password: hash }),
    ...rights,
  }));
}

const responsesConf = ({ max, expiresMs }: NonNullable<Permissions["responses"]>) => ({
  max,
  expires: `${expiresMs}ms`,
});

/** Empty lists are left out: to the server an empty allow list is not "nothing". */
function rulesConf({ allow, deny }: Permissions["publish"]) {
  if (!allow.length && !deny.includes(">"))
    throw new Error('a user without allowed subjects needs an explicit deny of ">"');
  return { ...(allow.length && { allow }), ...(deny.length && { deny }) };
}
