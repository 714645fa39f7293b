import type { StreamAsset, Tenants } from "../../config/assets/asset";
import { assetsOf } from "../../config/assets/assets";
import { standIns, withRoomForFailover } from "../../config/assets/failover";
import type { AccountSpec, AccountUser, Permissions } from "../../config/assets/region";
import type { Environment } from "../../config/schema/settings";
import { loginOf, provisioner, systemAccount, withStandardParts } from "../../config/assets/standard";
import type { UserSpec } from "../../config/schema/tenant";
import { toBytes } from "../../config/units";
import { adminPermissions, inboxPrefixOf, permissionsOf, provisionerPermissions } from "./permissions";

/** Room above what the specs add up to: for a stream more while one is moved, or a release that is half done. */
const headroom = { storage: 1.2, streams: 5, consumers: 10 } as const;

const defaultConnections = 50;

/**
 * The limit counts an account's connections on all servers of all regions. Those of a server that crashed (it said no
 * goodbye) count on for some minutes while its clients come back elsewhere: so twice what users declare, or a lost
 * server would lock its clients out.
 */
const connectionsFactor = 2;

const mebibyte = 1024 ** 2;

/** The accounts of an environment, equal in all its regions: one a tenant in the order given, and the servers' own. */
export function accountsOf(environment: Environment, tenants: Tenants): AccountSpec[] {
  const { streams, consumers } = assetsOf(environment, tenants);
  const accounts = Object.values(tenants).map((tenant): AccountSpec => {
    const ofAccount = <T extends { account: string }>(assets: T[]) =>
      assets.filter(({ account }) => account === tenant.name);
    const own = { streams: ofAccount(streams), consumers: ofAccount(consumers) };
    const usable = [...own.consumers, ...standIns(own).map(({ consumer }) => consumer)];
    const room = withRoomForFailover(own.streams);
    const users = Object.entries(withStandardParts(tenant).users);
    return {
      name: tenant.name,
      jetstream: {
        maxMemory: reserved(room, "memory"),
        maxFile: reserved(room, "file"),
        maxStreams: own.streams.length + headroom.streams,
        // Servers apply it to each stream, tools show it beside the sum of all: the sum is right for both.
        maxConsumers: own.consumers.length + headroom.consumers,
      },
      maxConnections: connectionsFactor * (connectionsOf(users) + defaultConnections),
      users: [
        accountUser(tenant.name, provisioner, provisionerPermissions(provisioner)),
        ...users.map(([name, spec]) => accountUser(tenant.name, name, permissionsOf(name, spec, usable), spec.inbox)),
      ],
    };
  });
  return [
    ...accounts,
    {
      name: systemAccount.name,
      users: [accountUser(systemAccount.name, systemAccount.user, adminPermissions(systemAccount.user))],
    },
  ];
}

/** Servers count every replica against the account's limit. */
function reserved(streams: StreamAsset[], storage: StreamAsset["spec"]["storage"]): number {
  const bytes = streams
    .filter(({ spec }) => spec.storage === storage)
    .reduce((sum, { spec }) => sum + toBytes(spec.maxBytes) * spec.replicas, 0);
  return Math.ceil((bytes * headroom.storage) / mebibyte) * mebibyte;
}

function connectionsOf(users: [string, UserSpec][]): number {
  return users.reduce((sum, [, { connections = defaultConnections }]) => sum + connections, 0);
}

function accountUser(account: string, name: string, permissions: Permissions, inbox?: UserSpec["inbox"]): AccountUser {
  return { name, login: loginOf(account, name), inboxPrefix: inboxPrefixOf(name, inbox), permissions };
}
