import type { RegionIdentity, RegionSpec } from "../../config/assets/region";
import { deadLetterNames } from "../../workers/messaging/contract";
import { canary, provisioner, systemAccount } from "../../config/assets/standard";
import { type Listener, listenerTable } from "../../config/listeners";
import { clientUrls, listenerUrls } from "../../config/topology";

/** What one user's client needs to connect; keys are the environment variables that clients read. */
export interface Connection {
  NATS_URL: string;
  NATS_USER: string;
  NATS_PASSWORD: string;
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
}

/** Logins of the users that tenants declare, without those that this program uses itself. */
export const tenantLogins = ({ accounts }: Pick<RegionSpec, "accounts">): string[] =>
  tenantUsers(accounts).map(({ login }) => login);

/**
 * Connections of tenants' users, by login. Secret.
 *
 * @throws where the identity has no password for a user
 */
export function connections(
  { settings, name, accounts }: RegionSpec,
  { clientCa, users }: RegionIdentity,
): Record<string, Connection> {
  const loginOf = (login: string): { user: string; password: string } => {
    const known = users[login];
    if (known) return { user: known.login ?? login, password: known.password };
    throw new Error(`the identity has no password for user "${login}"; run "pulumi up" on the identity stack first`);
  };
  const probe = accounts
    .find((account) => account.name === systemAccount.name)
    ?.users.find((user) => user.name === systemAccount.probe);
  return Object.fromEntries(
    tenantUsers(accounts).map(({ login, inboxPrefix, asksServers, connectionTypes = [] }): [string, Connection] => {
      const { user, password } = loginOf(login);
      const system = asksServers && probe && { ...probe, ...loginOf(probe.login) };
      return [
        login,
        {
          NATS_URL: clientUrls(settings, name).join(","),
          NATS_USER: user,
          NATS_PASSWORD: password,
          NATS_INBOX_PREFIX: inboxPrefix,
          NATS_CA: clientCa,
          ...Object.fromEntries(
            Object.entries(listenerUrls(settings, name)).flatMap(([listener, urls]) => {
              const { connection, variable } = listenerTable[listener as Listener];
              return connectionTypes.includes(connection) ? [[variable, urls.join(",")]] : [];
            }),
          ),
          ...(system && {
            NATS_SYSTEM_USER: system.user,
            NATS_SYSTEM_PASSWORD: system.password,
            NATS_SYSTEM_INBOX_PREFIX: system.inboxPrefix,
          }),
        },
      ];
    }),
  );
}

const ownUsers: readonly string[] = [provisioner, canary.user, deadLetterNames.cli];

const tenantUsers = (accounts: RegionSpec["accounts"]) =>
  accounts
    .filter(({ name }) => name !== systemAccount.name)
    .flatMap(({ users }) => users.filter(({ name }) => !ownUsers.includes(name)));
