import type { AccountUser, RegionIdentity, RegionSpec } from "../../config/assets/region";
import { provisioner, systemAccount } from "../../config/assets/standard";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { needsClientCa } from "../../config/monitoring";
import { kubernetesNames, kubernetesPorts } from "../../config/topology";
import { accountsConf } from "../security/accounts-conf";
import { certificatesFingerprint } from "../security/certificates-in-force";
import { connections, tenantLogins } from "../security/connections";
import { contextLogin } from "../security/contexts";
import { jetstreamKeyConf, keyFingerprint } from "../security/jetstream-key";
import { mounts, secrets } from "./chart-values";

/**
 * What is in the Secrets of a region's namespace, by their names. Servers take changes of all but the JetStream key
 * without a restart.
 */
export function regionSecrets(
  region: RegionSpec & { settings: KubernetesEnvironment },
  identity: RegionIdentity,
): Record<string, Record<string, string>> {
  const { client, peer, server, box, connections: stored } = secrets;
  const { natsBox, connectionSecrets } = region.settings.kubernetes;
  return {
    [client.name]: {
      [client.cert]: identity.server.cert,
      [client.key]: identity.server.key,
      ...(needsClientCa(region.settings) && { [client.ca]: identity.clientCa }),
    },
    [peer.name]: { [peer.cert]: identity.peer.cert, [peer.key]: identity.peer.key, [peer.ca]: identity.peerCa },
    [server.name]: {
      [server.accounts]: accountsConf(region.accounts, identity.users, certificatesFingerprint(identity)),
      [server.jetstreamKey]: jetstreamKeyConf(identity.jetstreamKey),
      [server.fingerprint]: keyFingerprint(identity.jetstreamKey),
    },
    ...(natsBox.enabled && {
      [box.name]: { [box.ca]: identity.clientCa, ...contexts(region, identity, natsBox.administrators) },
    }),
    ...(connectionSecrets && {
      [stored.name]: storedConnections(region, identity),
    }),
  };
}

function storedConnections(
  region: RegionSpec & { settings: KubernetesEnvironment },
  identity: RegionIdentity,
): Record<string, string> {
  const all = connections(region, identity);
  return Object.fromEntries(tenantLogins(region).map((login) => [login, JSON.stringify(all[login])]));
}

/** Contexts of the nats CLI, one a user, as it keeps them; those of administrators only where they are asked for. */
function contexts(
  { accounts }: RegionSpec,
  { users }: RegionIdentity,
  administrators: boolean,
): Record<string, string> {
  const isAdministrator = (account: string, { name, answersServers }: AccountUser) =>
    account === systemAccount.name || name === provisioner || answersServers;
  const entries = accounts.flatMap((account) =>
    account.users
      .filter((user) => administrators || !isAdministrator(account.name, user))
      .flatMap(({ name, login, inboxPrefix }): [file: string, text: string][] => {
        const known = users[login]!;
        const { fields, files } = contextLogin(login, known, (file) => `${mounts.contexts}/${file}`);
        const context = {
          description: `${name} of account ${account.name}`,
          url: `tls://${kubernetesNames.service}:${kubernetesPorts.client}`,
          ...fields,
          ca: `${mounts.contexts}/${secrets.box.ca}`,
          inbox_prefix: inboxPrefix,
        };
        return [[`${login}.json`, JSON.stringify(context, undefined, 2)], ...Object.entries(files)];
      }),
  );
  return Object.fromEntries(entries);
}
