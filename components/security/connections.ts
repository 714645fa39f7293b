import type { Credential, RegionIdentity, RegionSpec } from "../../config/assets/region";
import { deadLetterNames } from "../../workers/messaging/contract";
import { backup } from "../../config/assets/backups";
import { canary, provisioner, systemAccount } from "../../config/assets/standard";
import { type Listener, listenerTable } from "../../config/listeners";
import { clientUrls, listenerUrls, withWorkers } from "../../config/topology";
import { calloutUsers } from "./callout-users";

/** What one user's client needs to connect; keys are the environment variables that clients read. */
export interface Connection {
  NATS_URL: string;
  /** Of a user that logs in by password. */
  NATS_USER?: string;
  NATS_PASSWORD?: string;
  /** Of a user that logs in by nkey: the seed of its key. */
  NATS_NKEY_SEED?: string;
  /** Of a user that logs in by token. */
  NATS_TOKEN?: string;
  /** Of a user that logs in by certificate: PEM, with its key. */
  NATS_CERTIFICATE?: string;
  NATS_PRIVATE_KEY?: string;
  NATS_INBOX_PREFIX: string;
  /** Certificates of the CAs to trust, PEM. */
  NATS_CA: string;
  /** Of users that may connect by WebSocket, where servers listen for it. */
  NATS_WEBSOCKET_URL?: string;
  /** Likewise of leaf nodes and of MQTT. */
  NATS_LEAFNODE_URL?: string;
  NATS_MQTT_URL?: string;
  /** Of the probe alone: with what it asks servers about themselves. */
  NATS_SYSTEM_USER?: string;
  NATS_SYSTEM_PASSWORD?: string;
  NATS_SYSTEM_INBOX_PREFIX?: string;
  /** Of the auth callout's service alone (workers/auth-callout/README.md). */
  AUTH_ISSUER_SEED?: string;
  AUTH_XKEY_SEED?: string;
  AUTH_USERS?: string;
}

/**
 * Logins whose connections a secret store gets: those of users that tenants declare, without those that this program
 * uses itself. The auth callout's service is among them where this program does not run it: its connection has the key
 * that lets anyone in.
 */
export const tenantLogins = ({ accounts, settings }: Pick<RegionSpec, "accounts" | "settings">): string[] =>
  tenantUsers(accounts)
    .filter(({ answersServers }) => !answersServers || (settings.target === "kubernetes" && !withWorkers(settings)))
    .map(({ login }) => login);

/**
 * Connections of tenants' users, by login. Secret.
 *
 * @throws where the identity has no password for a user
 */
export function connections(
  { settings, name, accounts }: RegionSpec,
  { clientCa, users }: RegionIdentity,
): Record<string, Connection> {
  const credentialOf = (login: string) => credentialIn(users, login);
  const probe = accounts
    .find((account) => account.name === systemAccount.name)
    ?.users.find((user) => user.name === systemAccount.probe);
  return Object.fromEntries(
    tenantUsers(accounts).map(
      ({ login, inboxPrefix, asksServers, answersServers, connectionTypes = [] }): [string, Connection] => {
        const system = asksServers && probe ? loginVariables(probe.login, credentialOf(probe.login)) : undefined;
        return [
          login,
          {
            NATS_URL: clientUrls(settings, name).join(","),
            ...loginVariables(login, credentialOf(login)),
            NATS_INBOX_PREFIX: inboxPrefix,
            NATS_CA: clientCa,
            ...Object.fromEntries(
              Object.entries(listenerUrls(settings, name)).flatMap(([listener, urls]) => {
                const { connection, variable } = listenerTable[listener as Listener];
                return connectionTypes.includes(connection) ? [[variable, urls.join(",")]] : [];
              }),
            ),
            ...(system && {
              NATS_SYSTEM_USER: system.NATS_USER,
              NATS_SYSTEM_PASSWORD: system.NATS_PASSWORD,
              NATS_SYSTEM_INBOX_PREFIX: probe!.inboxPrefix,
            }),
            ...(answersServers && calloutVariables(credentialOf(login), accounts, users)),
          },
        ];
      },
    ),
  );
}

/** The variables of a client that logs in with a credential. */
export function loginVariables(login: string, known: LoginParts): Partial<Connection> {
  if (known.byNkey) return { NATS_NKEY_SEED: known.password };
  if (known.byCallout === "token") return { NATS_TOKEN: known.password };
  if (known.byCallout === "certificate")
    return { NATS_CERTIFICATE: known.certificate!, NATS_PRIVATE_KEY: known.password };
  return { NATS_USER: known.login ?? login, NATS_PASSWORD: known.password };
}

type LoginParts = Pick<Credential, "password" | "byNkey" | "byCallout" | "certificate" | "login">;

function calloutVariables(
  { callout }: Credential,
  accounts: RegionSpec["accounts"],
  users: RegionIdentity["users"],
): Partial<Connection> {
  if (!callout)
    throw new Error(`the identity has no keys of the auth callout; run "pulumi up" on the identity stack first`);
  return {
    AUTH_ISSUER_SEED: callout.issuer.seed,
    AUTH_XKEY_SEED: callout.xkey.seed,
    AUTH_USERS: calloutUsers(accounts, users),
  };
}

/** Logins of the users that copy streams, by account, as workers/backup/settings.ts reads them. Secret. */
export const backupCredentials = (
  { accounts }: Pick<RegionSpec, "accounts">,
  { users }: Pick<RegionIdentity, "users">,
): Record<string, { user: string; password: string; inboxPrefix: string }> =>
  Object.fromEntries(
    accounts.flatMap(({ name, users: known }) =>
      known
        .filter((user) => name !== systemAccount.name && user.name === backup)
        .map(({ login, inboxPrefix }) => {
          const { login: user = login, password } = credentialIn(users, login);
          return [name, { user, password, inboxPrefix }];
        }),
    ),
  );

function credentialIn(users: RegionIdentity["users"], login: string): Credential {
  const known = users[login];
  if (known) return known;
  throw new Error(`the identity has no login for user "${login}"; run "pulumi up" on the identity stack first`);
}

const ownUsers: readonly string[] = [provisioner, backup, canary.user, deadLetterNames.cli];

const tenantUsers = (accounts: RegionSpec["accounts"]) =>
  accounts
    .filter(({ name }) => name !== systemAccount.name)
    .flatMap(({ users }) => users.filter(({ name }) => !ownUsers.includes(name)));
