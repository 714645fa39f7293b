import type { NatsConnection } from "@nats-io/transport-node";
import { pollUntil } from "../../config/poll-until";
import { read } from "../../jetstream/api";
import { consumerArgs, streamArgs } from "../../jetstream/asset-args";
import { consumerFields, streamFields } from "../../jetstream/fields";
import { toWire } from "../../jetstream/wire";
import { accountsOf } from "../../components/security/accounts";
import { accountsConf } from "../../components/security/accounts-conf";
import { certificateSubject, tokenHash } from "../../components/security/callout-users";
import { natsKeyOf } from "../../components/security/nkeys";
import { hashPassword } from "../../components/security/passwords";
import type { ConsumerAsset, StreamAsset, Tenants } from "../../config/assets/asset";
import type { AccountSpec, AccountUser, Credential, RegionSpec } from "../../config/assets/region";
import type { Failovers } from "../../config/schema/failover";
import { authorities, type Environment, type LocalEnvironment } from "../../config/schema/settings";
import type { Certificate } from "./certificates";
import { requestMs, waitMs } from "./limits";
import { untilAnswered } from "./publisher";

const salt = Buffer.alloc(16, 7);

/** A local environment with room for all streams of the four systems. */
export function localEnvironment(change: Partial<LocalEnvironment> = {}): LocalEnvironment {
  return {
    target: "local",
    regions: ["iad", "ams", "syd"],
    servers: 3,
    basePort: 26220,
    storage: { file: "90GiB", memory: "1GiB" },
    syncInterval: "2m",
    maxPayload: "8MiB",
    lameDuck: { duration: "30s", gracePeriod: "1s" },
    authorities: authorities.parse({}),
    jetstream: { jetstream: ["arrakis", "covenant", "irisx", "aigentflow"] },
    ...change,
  };
}

/** A region of such an environment, or of another one, without accounts. */
export const regionOf = <E extends Environment>(settings: E, name = "iad"): RegionSpec & { settings: E } => ({
  name,
  environment: "test",
  settings,
  accounts: [],
});

/**
 * Users whose password or token is their login; nkeys and the keys of the auth callout are made of it.
 *
 * @param certificates of users by certificate, by login
 */
export function usersOf(
  accounts: readonly AccountSpec[],
  certificates: Record<string, Certificate> = {},
): Record<string, Credential> {
  const credentialOf = ({ login, byNkey, byCallout, answersServers }: AccountUser): Credential => {
    if (byNkey) {
      const { seed: password, publicKey: hash } = natsKeyOf("nkey", login);
      return { password, hash, byNkey };
    }
    if (byCallout === "token") return { password: login, hash: tokenHash(login), byCallout };
    if (byCallout === "certificate") {
      const { cert: certificate, key: password } = certificates[login]!;
      return { password, hash: certificateSubject(login), byCallout, certificate };
    }
    return {
      ...{ password: login, hash: hashPassword(login, salt) },
      ...(answersServers && { callout: { issuer: natsKeyOf("issuer", login), xkey: natsKeyOf("xkey", login) } }),
    };
  };
  return Object.fromEntries(
    accounts.flatMap(({ users }) => users.map((user) => [user.login, credentialOf(user)] as const)),
  );
}

/** The accounts file of tenants, with every password its login; `failovers`: streams that have failed over. */
export function accountsText(environment: Environment, tenants: Tenants, failovers: Failovers = {}): string {
  const accounts = accountsOf(environment, tenants, { failovers });
  return accountsConf(accounts, usersOf(accounts));
}

/**
 * Asks JetStream; throws what it refuses with. A request without an answer is sent again for two minutes, unless that
 * could do more than once what it asks for: servers drop requests while they elect a meta leader. So is any request
 * that they refuse for that reason (10008): it changed nothing.
 */
export async function ask(nc: NatsConnection, request: string, body: unknown = {}): Promise<Record<string, unknown>> {
  const send = () => nc.request(`$JS.API.${request}`, JSON.stringify(body), { timeout: requestMs });
  const deadline = Date.now() + (/DELETE|PURGE|MSG\.NEXT/.test(request) ? 0 : waitMs);
  const answered = async () => {
    const response = await untilAnswered(send, () => Date.now() >= deadline);
    const answer = response.json<Record<string, unknown> & { error?: { err_code: number; description: string } }>();
    return answer.error?.err_code !== 10008 && answer;
  };
  const answer = await pollUntil(answered, waitMs, 250);
  if (!answer) throw new Error(`${request}: 10008 no meta leader`);
  if (answer.error) throw new Error(`${request}: ${answer.error.err_code} ${answer.error.description}`);
  return answer;
}

/**
 * Creates a stream, as soon as it can be placed: a meta leader refuses replicas on a server whose statistics it has not
 * heard yet (10005), for up to ten seconds after a start or a new route, and no monitor shows that. Sent again like
 * what only reads, also where no answer came: the same stream once more is no error.
 */
export const addStream = (nc: NatsConnection, config: { name: string; [field: string]: unknown }) =>
  read<Record<string, unknown>>(nc, `STREAM.CREATE.${config.name}`, config, waitMs);

export const createStream = (nc: NatsConnection, asset: StreamAsset) =>
  addStream(nc, { name: asset.name, ...toWire(streamFields, streamArgs(asset)) });

export const createConsumer = (nc: NatsConnection, asset: ConsumerAsset) =>
  ask(nc, `CONSUMER.CREATE.${asset.stream}.${asset.name}`, {
    stream_name: asset.stream,
    config: toWire(consumerFields, consumerArgs(asset)),
    action: "create",
  });

/** Creates the streams of an account, then its durables, in the order in which they stand. */
export async function createAssets(
  nc: NatsConnection,
  { streams, consumers }: { streams: readonly StreamAsset[]; consumers: readonly ConsumerAsset[] },
  account: string,
): Promise<void> {
  for (const asset of streams) if (asset.account === account) await createStream(nc, asset);
  for (const asset of consumers) if (asset.account === account) await createConsumer(nc, asset);
}
