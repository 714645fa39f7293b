import { plural } from "../../../config/plural";
import type { Happened } from "./differences";

/** What the system account hears, as far as it is read here. Source: nats-server, jetstream_events.go and events.go. */
export interface Heard {
  subject: string;
  body: {
    account?: string;
    stream?: string;
    consumer?: string;
    leader?: string;
    server?: string | { name?: string };
    client?: { acc?: string; user?: string; name?: string };
    reason?: string;
  };
}

type Said = Omit<Happened, "time">;

/** Connections of an account in one window that are a storm. */
const storm = 50;

/** What events of leaders are about, with their stream where it is one: the overview leaves them out. */
const elections = "elections";

/** Elections of streams that are named one by one. */
const mostNamed = 4;

/** Ends of connections that say nothing is wrong. */
const usualEnds = /^(Client Closed|Server Shutdown|Cluster Name Conflict|$)/i;

/** What was heard in a few seconds, in words: what many did at once is one event. Pure. */
export function inWords(heard: readonly Heard[]): Said[] {
  const of = (pattern: RegExp) => heard.filter(({ subject }) => pattern.test(subject)).map(({ body }) => body);
  return [
    ...quorumLost(of(/\.(STREAM|CONSUMER)\.QUORUM_LOST\./)),
    ...streamLeaders(of(/\.STREAM\.LEADER_ELECTED\./)),
    ...durableLeaders(of(/\.CONSUMER\.LEADER_ELECTED\./)),
    ...connections(of(/^\$SYS\.ACCOUNT\.[^.]+\.CONNECT$/)),
    ...ends(of(/^\$SYS\.ACCOUNT\.[^.]+\.DISCONNECT$/)),
    ...refusedLogins(of(/\.CLIENT\.AUTH\.ERR$/)),
    ...serverEvents(heard),
  ];
}

type Body = Heard["body"];

const quorumLost = (all: Body[]): Said[] =>
  [...Map.groupBy(all, ({ account, stream, consumer }) => [account, stream, consumer].filter(Boolean).join("/"))].map(
    ([id, [one]]): Said => ({
      ...{ severity: "problem", what: `${one!.consumer ? "durable" : "stream"} ${id}` },
      ...{ account: one!.account, stream: one!.stream },
      text: `${one!.consumer ? "durable" : "stream"} ${id} lost its quorum`,
    }),
  );

function streamLeaders(all: Body[]): Said[] {
  const last = new Map(all.map((one) => [`${one.account}/${one.stream}`, one]));
  if (last.size > mostNamed)
    return [
      {
        ...{ severity: "info", what: elections },
        text: `${last.size} streams elected leaders: ${byAccount([...last.values()])}`,
      },
    ];
  return [...last].map(([id, { account, stream, leader }]): Said => ({
    ...{ severity: "info", what: elections, account, stream },
    text: `${leader} leads stream ${id}`,
  }));
}

function durableLeaders(all: Body[]): Said[] {
  const last = new Map(all.map((one) => [`${one.account}/${one.stream}/${one.consumer}`, one]));
  const streams = Map.groupBy(last.values(), ({ account, stream }) => `${account}/${stream}`);
  if (streams.size > mostNamed)
    return [
      {
        ...{ severity: "info", what: elections },
        text: `${last.size} durables elected leaders: ${byAccount([...last.values()])}`,
      },
    ];
  return [...streams].map(([id, own]): Said => {
    const leaders = [...new Set(own.flatMap(({ leader }) => leader ?? []))];
    return {
      ...{ severity: "info", what: elections, account: own[0]!.account, stream: own[0]!.stream },
      text:
        own.length === 1
          ? `${leaders.at(-1)} leads durable ${id}/${own[0]!.consumer}`
          : `${plural(own.length, "durable")} of ${id} elected leaders: ${leaders.join(", ")}`,
    };
  });
}

const byAccount = (all: Body[]): string =>
  [...Map.groupBy(all, ({ account }) => account ?? "?")].map(([name, own]) => `${name} ${own.length}`).join(", ");

const connections = (all: Body[]): Said[] =>
  [...Map.groupBy(all, ({ client }) => client?.acc ?? "?")].flatMap(([account, own]): Said[] =>
    own.length < storm
      ? []
      : [
          {
            ...{ severity: "warning", what: `account ${account}`, account },
            text: `connection storm: ${own.length} connections of ${account} in 10 s, ${byUser(own)}`,
          },
        ],
  );

const byUser = (all: Body[]): string =>
  [...Map.groupBy(all, ({ client }) => client?.user ?? "?")]
    .toSorted(([, one], [, other]) => other.length - one.length)
    .slice(0, 3)
    .map(([user, own]) => `${own.length} by ${user}`)
    .join(", ");

const ends = (all: Body[]): Said[] =>
  [
    ...Map.groupBy(
      all.filter(({ reason = "" }) => !usualEnds.test(reason)),
      ({ client, reason }) => `${client?.acc}\n${client?.user}\n${reason}`,
    ).values(),
  ].map((own): Said => {
    const { client, reason, server } = own[0]!;
    return {
      ...{ severity: "warning", what: `account ${client?.acc}`, account: client?.acc },
      text:
        `${plural(own.length, "connection")} of ${client?.user ?? client?.acc} ended: ${reason}` +
        (own.length === 1 && nameOf(server) ? ` (${nameOf(server)})` : ""),
    };
  });

const refusedLogins = (all: Body[]): Said[] =>
  all.length === 0
    ? []
    : [
        {
          ...{ severity: "warning", what: "logins" },
          text: `${plural(all.length, "login")} refused (${namesOf(all)})`,
        },
      ];

const namesOf = (all: Body[]): string =>
  [...new Set(all.map(({ client }) => client?.user || "no user"))].slice(0, 3).join(", ");

const serverWords: [pattern: RegExp, words: (name: string) => Said][] = [
  [
    /^\$SYS\.SERVER\.[^.]+\.SHUTDOWN$/,
    (name) => ({ severity: "warning", what: `server ${name}`, server: name, text: `${name} shuts down` }),
  ],
  [
    /^\$SYS\.SERVER\.[^.]+\.LAMEDUCK$/,
    (name) => ({ severity: "info", what: `server ${name}`, server: name, text: `${name} sends its clients elsewhere` }),
  ],
  [
    /\.ADVISORY\.SERVER\.OUT_OF_STORAGE$/,
    (name) => ({ severity: "problem", what: `server ${name}`, server: name, text: `${name} is out of storage` }),
  ],
  [
    /\.ADVISORY\.SERVER\.REMOVED$/,
    (name) => ({ severity: "info", what: `server ${name}`, server: name, text: `${name} left the meta group` }),
  ],
];

const serverEvents = (heard: readonly Heard[]): Said[] =>
  serverWords.flatMap(([pattern, words]) =>
    [
      ...new Set(heard.filter(({ subject }) => pattern.test(subject)).flatMap(({ body }) => nameOf(body.server) ?? [])),
    ].map(words),
  );

const nameOf = (server: Body["server"]): string | undefined => (typeof server === "string" ? server : server?.name);
