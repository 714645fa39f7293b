import { advisoryPrefix, givenUpKinds, givenUpSubject } from "../../workers/messaging/contract";
import { type ConnectionLimits, limitsOf, statedConnections } from "../../config/assets/account-limits";
import type { Tenants } from "../../config/assets/asset";
import { assetsOf } from "../../config/assets/assets";
import { backup, backupsOf } from "../../config/assets/backups";
import { copyExchanges } from "../../config/assets/copies";
import { mappingsOf, standIns } from "../../config/assets/failover";
import { mappedByFailovers, mirroredStreams } from "../../config/assets/failover-subjects";
import { mappedBy } from "../../config/assets/mappings";
import { asksServers } from "../../config/assets/probe";
import type { AccountSpec, AccountUser, Permissions } from "../../config/assets/region";
import { declaredReservations, type Reservations } from "../../config/assets/reservations";
import { type Export, exportsOf, type Import, importsOf } from "../../config/assets/sharing";
import { calloutAccount, loginOf, provisioner, systemAccount } from "../../config/assets/standard";
import { withStandardParts } from "../../config/assets/standard-parts";
import { listenersOf, listenerTable } from "../../config/listeners";
import type { Failovers } from "../../config/schema/failover";
import type { Environment } from "../../config/schema/settings";
import type { UserSpec } from "../../config/schema/tenant";
import {
  adminPermissions,
  backupPermissions,
  calloutPermissions,
  inboxPrefixOf,
  permissionsOf,
  probePermissions,
  provisionerPermissions,
} from "./permissions";

/**
 * The accounts of an environment, equal in all its regions: one a tenant in the order given, and the servers' own.
 *
 * @param reservations what the accounts' limits cover; by default what is declared
 * @param connections limits of connections; by default what tenants state
 * @param failovers streams that have failed over; by default none has
 */
export function accountsOf(
  environment: Environment,
  tenants: Tenants,
  {
    reservations = declaredReservations(environment, tenants),
    connections = statedConnections(tenants),
    failovers = {},
  }: { reservations?: Reservations; connections?: ConnectionLimits; failovers?: Failovers } = {},
): AccountSpec[] {
  const { streams, consumers } = assetsOf(environment, tenants);
  const listeners = listenersOf(environment);
  const domain = listeners.includes("leafNodes") ? environment.jetstreamDomain : undefined;
  const accountUser = (
    account: string,
    name: string,
    permissions: Permissions,
    { listeners: allowed = [] }: Pick<UserSpec, "listeners"> = {},
  ): AccountUser => ({
    ...{ name, login: loginOf(account, name), inboxPrefix: inboxPrefixOf(name), permissions },
    ...(listeners.length > 0 && {
      connectionTypes: [
        "STANDARD",
        ...listeners.filter((one) => allowed.includes(one)).map((one) => listenerTable[one].connection),
      ],
    }),
  });
  const failedOver = mappingsOf(streams, failovers);
  const copies = copyExchanges(tenants);
  const accounts = Object.values(tenants).map((tenant): AccountSpec => {
    const ofAccount = <T extends { account: string }>(assets: T[]) =>
      assets.filter(({ account }) => account === tenant.name);
    const own = { streams: ofAccount(streams), consumers: ofAccount(consumers) };
    const usable = [...own.consumers, ...standIns(own).map(({ consumer }) => consumer)];
    const origins = new Map(own.streams.flatMap(({ name, mirrorOf }) => (mirrorOf ? [[name, mirrorOf]] : [])));
    const mapped = [...mappedByFailovers(mirroredStreams(own.streams)), ...mappedBy(tenant)];
    const users = Object.entries(withStandardParts(tenant).users);
    return {
      name: tenant.name,
      jetstream: limitsOf(tenant, reservations[tenant.name] ?? {}),
      maxConnections: connections[tenant.name],
      ...((tenant.mappings ?? failedOver[tenant.name]) && {
        mappings: { ...tenant.mappings, ...failedOver[tenant.name] },
      }),
      exports: [...exportsOf(tenant), ...copies[tenant.name]!.exports],
      imports: [...importsOf(tenant), ...copies[tenant.name]!.imports],
      users: [
        accountUser(tenant.name, provisioner, provisionerPermissions(provisioner)),
        ...users.map(([name, spec]) => ({
          ...accountUser(tenant.name, name, permissionsOf(name, spec, usable, { origins, mapped, domain }), spec),
          ...(spec.login === "nkey" && { byNkey: true as const }),
          ...((spec.login === "token" || spec.login === "certificate") && { byCallout: spec.login }),
          ...(asksServers(tenant, name) && { asksServers: true as const }),
        })),
        ...(backupsOf(environment) ? [accountUser(tenant.name, backup, backupPermissions(backup))] : []),
      ],
    };
  });
  const { name, user: admin, probe } = systemAccount;
  const probing = accounts.filter(({ users }) => users.some((user) => user.asksServers));
  const isProbed = probing.length > 0;
  return [
    ...accounts.map((account) => withAdvisories(account, accounts, probing)),
    ...(environment.authCallout ? [withCallout(accountUser)] : []),
    {
      name,
      users: [
        accountUser(name, admin, adminPermissions(admin)),
        ...(isProbed ? [accountUser(name, probe, probePermissions(probe))] : []),
      ],
    },
  ];
}

/** Alone in its account: nobody else hears what servers ask it, or can ask it in their place. */
function withCallout(
  accountUser: (account: string, name: string, permissions: Permissions) => AccountUser,
): AccountSpec {
  const { name, user } = calloutAccount;
  return { name, users: [{ ...accountUser(name, user, calloutPermissions(user)), answersServers: true }] };
}

const givenUp = givenUpKinds.map((kind) => givenUpSubject(kind));

/** An account that tells those of probes which messages its durables have given up; one of a probe hears all others. */
function withAdvisories(
  account: AccountSpec,
  accounts: readonly AccountSpec[],
  probing: readonly AccountSpec[],
): AccountSpec {
  const to = probing.flatMap(({ name }) => (name === account.name ? [] : [name]));
  const heard = probing.includes(account) ? accounts.filter(({ name }) => name !== account.name) : [];
  const told = to.length > 0 ? givenUp.map((subject): Export => ({ kind: "stream", subject, to })) : [];
  const hears = heard.flatMap(({ name: from }) =>
    givenUp.map((subject): Import => ({ kind: "stream", subject, from, local: `${advisoryPrefix(from)}.${subject}` })),
  );
  const { exports = [], imports = [], ...rest } = account;
  const [all, others] = [
    [...exports, ...told],
    [...imports, ...hears],
  ];
  return { ...rest, ...(all.length > 0 && { exports: all }), ...(others.length > 0 && { imports: others }) };
}
