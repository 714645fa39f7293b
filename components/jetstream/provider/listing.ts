import type { AssetArgs } from "../../../jetstream/schemas";
import { read, withReadSlot } from "../../../jetstream/api";
import { offlineAdvice } from "../../../jetstream/errors";
import type { Info } from "../../../jetstream/info";
import { type AssetKind, idOf } from "../../../jetstream/kinds";
import type { Account } from "../../../jetstream/account";
import { observe } from "../../../jetstream/observe";

/** How long a list is reused after its last use, in ms; a failed one, after its request. */
const lifeMs = 30_000;
/** For one request and its retries, in ms. The server waits 4 s for leaders before it names assets as missing. */
const deadlineMs = 10_000;

/** Why the state of a stream or consumer, or whether it exists, cannot be known now. */
class Unknown extends Error {
  override readonly name = "Unknown";
}

type Entries = Map<string, Info | Unknown>;

interface List {
  entries: Promise<Entries>;
  /** Ids of the assets it was used for. */
  used: Set<string>;
  /** Milliseconds since the epoch. */
  until: number;
}

/**
 * What `STREAM.LIST` and `CONSUMER.LIST` answer. Shapes: nats-server's JSApiStreamListResponse,
 * JSApiConsumerListResponse.
 */
interface Page {
  total: number;
  /** Most entries of a page. */
  limit: number;
  streams?: Info[];
  consumers?: (Info & { name: string })[];
  /** Names of those whose leader did not answer in time, or whose servers are all down. */
  missing?: string[];
  /** Why this server version cannot run an asset, by name. Named in `missing` too. */
  offline?: Record<string, string>;
}

/**
 * One account's streams and consumers for reads: one list instead of a request each. A refresh asks for every asset
 * once, so its reads share the lists, however long it takes; a second read of an asset requests a new list. Assets that
 * will be written are never looked up here.
 */
export class Listing {
  private readonly lists = new Map<string, List>();

  constructor(private readonly account: () => Promise<Account>) {}

  /**
   * What the server answers for the asset, or undefined when a meta leader answers that it does not exist. Throws where
   * that cannot be known: no answer, no leader, servers that are down.
   */
  async find(kind: AssetKind, args: AssetArgs): Promise<Info | undefined> {
    const id = idOf(kind, args);
    let found = await this.entry("STREAM.LIST", kind.what === "stream" ? args.name : args.stream, id);
    if (kind.what === "consumer")
      found = found?.state?.consumer_count
        ? await this.entry(`CONSUMER.LIST.${args.stream}`, args.name, id)
        : undefined;
    // Names shift between two pages, and a list gets old: only an answer about the asset itself shows it does not
    // exist.
    return found ?? withLeader(await withReadSlot(async () => observe(kind, args, await this.account(), deadlineMs)));
  }

  private async entry(subject: string, name: string | undefined, id: string): Promise<Info | undefined> {
    const found = (await this.entries(subject, id)).get(name ?? "");
    if (found instanceof Unknown) throw found;
    return withLeader(found);
  }

  private async entries(subject: string, id: string): Promise<Entries> {
    let list = this.lists.get(subject);
    if (!list || list.until < Date.now() || list.used.has(id)) {
      list = { entries: this.request(subject), used: new Set(), until: Date.now() + lifeMs };
      this.lists.set(subject, list);
    }
    list.used.add(id);
    const entries = await list.entries;
    list.until = Date.now() + lifeMs;
    return entries;
  }

  private async request(subject: string): Promise<Entries> {
    const { connection } = await this.account();
    const page = (offset: number) => withReadSlot(() => read<Page>(connection, subject, { offset }, deadlineMs));
    const first = await page(0);
    const offsets = Array.from(
      { length: Math.max(0, Math.ceil(first.total / first.limit) - 1) },
      (_, index) => (index + 1) * first.limit,
    );
    const pages = [first, ...(await Promise.all(offsets.map(page)))];
    return new Map(pages.flatMap(entriesOf));
  }
}

/**
 * Assets whose servers are all down are listed, as the meta leader remembers them, and named as missing: the last
 * counts.
 */
const entriesOf = ({ streams = [], consumers = [], missing = [], offline = {} }: Page): [string, Info | Unknown][] => [
  ...streams.map((info): [string, Info] => [info.config.name!, info]),
  ...consumers.map((info): [string, Info] => [info.name, info]),
  ...missing.map((name): [string, Unknown] => [
    name,
    new Unknown(offline[name] ? `${offline[name]}; ${offlineAdvice}` : "none of its servers answered"),
  ]),
];

/** A server whose group lost its majority answers too, with what it last knew. */
function withLeader(info: Info | undefined): Info | undefined {
  if (info?.cluster && !info.cluster.leader) throw new Unknown("it has no leader");
  return info;
}
