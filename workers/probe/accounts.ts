import { failoverToken } from "../messaging";
import type { Accountz, Answer, Jsz } from "./answers";
import type { Reading } from "./metrics";

/** What servers of all regions have answered about accounts. */
export interface AccountAnswers {
  /** Of each server one for each account. */
  accounts: readonly Answer<Accountz>[];
  /** The streams that each server leads. */
  streams: readonly Answer<Jsz>[];
}

type Account = NonNullable<Accountz["account_detail"]> & { region: string };

/** Series of accounts, which are the same in all regions. Pure. */
export function accountReadings({ accounts, streams }: AccountAnswers): Reading[] {
  const details = accounts.flatMap(({ region, data: { account_detail: detail } }): Account[] =>
    detail ? [{ region, ...detail }] : [],
  );
  const led = streams.flatMap(({ data }) => data.account_details);
  return [...Map.groupBy(details, ({ account_name }) => account_name)].flatMap(([tenant, own]): Reading[] => [
    {
      name: "probe_account_connections",
      labels: { tenant },
      value: sum(own.map(({ client_connections }) => client_connections)),
    },
    {
      name: "probe_account_streams",
      labels: { tenant },
      value: sum(led.flatMap(({ name, stream_detail }) => (name === tenant ? [stream_detail.length] : []))),
    },
    ...failovers(tenant, own),
  ]);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

interface Mapping {
  stream: string;
  /** Subject and destination. */
  pair: string;
}

/** Mappings of an account that failovers have made: `<subject>` to `fo.<stream>.<subject>`. */
const failoverMappings = ({ mappings }: Account): Mapping[] =>
  Object.entries(mappings).flatMap(([from, destinations]) =>
    destinations.flatMap(({ subject: to }) => {
      const [token, stream] = to.split(".");
      return token === failoverToken && stream !== undefined ? [{ stream, pair: `${from} ${to}` }] : [];
    }),
  );

/** For each stream that any server maps, which regions map all that is mapped anywhere. */
function failovers(tenant: string, servers: readonly Account[]): Reading[] {
  const known = servers.map((account) => ({ region: account.region, mapped: failoverMappings(account) }));
  const byStream = Map.groupBy(
    known.flatMap(({ mapped }) => mapped),
    ({ stream }) => stream,
  );
  return [...byStream].flatMap(([stream_name, mappings]) => {
    const expected = new Set(mappings.map(({ pair }) => pair));
    const isComplete = ({ mapped }: (typeof known)[number]) =>
      [...expected].every((pair) => mapped.some((one) => one.pair === pair));
    return [...Map.groupBy(known, ({ region }) => region)].map(([region, own]): Reading => ({
      name: "probe_failover_mapped",
      labels: { tenant, stream_name, in: region },
      value: Number(own.every(isComplete)),
    }));
  });
}
