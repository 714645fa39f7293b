import type { ComponentChildren } from "preact";
import type { HappenedEvent, Picture, ServerView, StreamView } from "../picture.ts";
import { EventList } from "./events.tsx";
import { Chart, useLines } from "./lines.tsx";
import {
  Bar,
  Crumbs,
  Facts,
  FailedOver,
  Mark,
  Missing,
  Problems,
  Replicas,
  RowMark,
  Table,
  useNow,
  withFollowing,
} from "./parts.tsx";
import { markOf, markOfGateway, markOfRegion, ServerTable } from "./region-card.tsx";
import { to } from "./route.ts";
import { age, bytes, clock, count, duration, milliseconds, percent, perSecond, plural, rate } from "./words.ts";

function Recent({ events, children }: { events: HappenedEvent[]; children?: ComponentChildren }) {
  return (
    <section class="card" aria-labelledby="recent">
      <h2 id="recent">Happened last</h2>
      <EventList events={events.slice(-10).reverse()} />
      {children}
    </section>
  );
}

export function StreamPage({
  account,
  stream: name,
  picture,
  events,
}: {
  account: string;
  stream: string;
  picture: Picture;
  events: HappenedEvent[];
}) {
  const now = useNow();
  const id = `${account}/${name}`;
  const lines = useLines([`stream:${id}`])[`stream:${id}`];
  const stream = picture.streams[id];
  if (!stream) return <Missing what={`Stream ${id}`} />;
  const problems = withFollowing(picture.head.problems, (one) => one.account === account && one.stream === name);
  const durables = Object.values(picture.durables).filter((one) => one.account === account && one.stream === name);
  const mirrors = Object.values(picture.streams).filter((one) => one.mirrorOf === id);
  const failover = picture.head.failovers.find((one) => one.account === account && one.stream === name);
  return (
    <>
      <Crumbs
        of={[
          ["Streams", to.streams],
          [account, to.tenant(account)],
        ]}
      />
      <h1>
        <RowMark row={stream} /> {name}
        {stream.mirrorOf && <span class="tag">mirror</span>}
      </h1>
      {problems.length > 0 && <Problems problems={problems} label="Problems" />}
      <section class="card" aria-label="Now">
        <Facts
          facts={[
            ["Messages", count(stream.messages)],
            ["Size", bytes(stream.bytes)],
            ["Stored", rate(stream.rate)],
            ["Full", <Bar value={stream.fullness} label="How full" />],
            ["Oldest message", age(stream.oldest, now)],
            ["Home region", stream.home ? <a href={to.region(stream.home)}>{stream.home}</a> : "not declared"],
            ...(stream.mirrorOf
              ? ([
                  ["Mirror of", <Origin id={stream.mirrorOf} account={account} />],
                  ["Behind by", plural(stream.lag ?? 0, "message")],
                ] as [string, ComponentChildren][])
              : []),
          ]}
        />
        <p class="placed">
          <span class="muted">Leader and replicas</span>{" "}
          <Replicas replicas={stream.replicas} wanted={stream.wantedReplicas} />
        </p>
        {mirrors.length > 0 && <Mirrors mirrors={mirrors} />}
        {failover && (
          <p>
            <FailedOver failover={failover} />
          </p>
        )}
      </section>
      <section class="charts" aria-label="Last hour">
        <Chart lines={lines} measure="rate" label="Messages a second" format={perSecond} />
        <Chart lines={lines} measure="messages" label="Messages" format={count} />
        {stream.fullness !== undefined && <Chart lines={lines} measure="fullness" label="Full" format={percent} />}
        {stream.oldest !== undefined && (
          <Chart lines={lines} measure="age" label="Age of the oldest message" format={duration} />
        )}
        {stream.mirrorOf && <Chart lines={lines} measure="lag" label="Behind by" format={count} />}
      </section>
      <section class="card" aria-labelledby="durables">
        <h2 id="durables">Durables</h2>
        {durables.length === 0 ? (
          <p class="muted">None{stream.leader === undefined ? " that is known now" : ""}.</p>
        ) : (
          <Table
            label="Durables"
            headings={[
              "Durable",
              "Leader",
              { number: "Waiting" },
              { number: "In hand" },
              { number: "Again" },
              { number: "Msg/s" },
            ]}
          >
            {durables.map((durable) => (
              <tr key={durable.name}>
                <th scope="row">
                  <RowMark row={durable} /> <a href={to.durable(account, name, durable.name)}>{durable.name}</a>
                </th>
                <td>{durable.leader ?? "not known"}</td>
                <td class="number">{count(durable.pending)}</td>
                <td class="number">{count(durable.ackPending)}</td>
                <td class="number">{count(durable.redelivered)}</td>
                <td class="number">{perSecond(durable.rate)}</td>
              </tr>
            ))}
          </Table>
        )}
      </section>
      <div class="beside even">
        <section class="card" aria-labelledby="settings">
          <h2 id="settings">As the server has it</h2>
          <Facts
            facts={[
              ["subjects", <code>{stream.subjects.join(", ") || "none"}</code>],
              ...Object.entries(stream.config ?? {}).map(([key, value]): [string, ComponentChildren] => [
                key,
                <code>{value}</code>,
              ]),
              ["managed by", stream.owner ?? "no stack of this project"],
            ]}
          />
        </section>
        <Recent events={events.filter((one) => one.account === account && one.stream === name)} />
      </div>
    </>
  );
}

const Mirrors = ({ mirrors }: { mirrors: StreamView[] }) => (
  <p class="placed">
    <span class="muted">Mirrors</span>{" "}
    {mirrors.map(({ account, name, lag, home, leader, severity }) => (
      <a key={`${account}/${name}`} class={`chip ${severity ?? ""}`} href={to.stream(account, name)}>
        {home ?? name}: {leader === undefined ? "not known" : lag ? `${count(lag)} behind` : "current"}
      </a>
    ))}
  </p>
);

/** What a mirror copies: a stream of its own account, of another one, or of another domain, which has no page here. */
function Origin({ id, account }: { id: string; account: string }) {
  const [of, name] = id.split("/") as [string, string?];
  if (name === undefined) return <>{id} (in another domain)</>;
  return <a href={to.stream(of, name)}>{of === account ? name : id}</a>;
}

export function DurablePage({
  account,
  stream,
  durable: name,
  picture,
}: {
  account: string;
  stream: string;
  durable: string;
  picture: Picture;
}) {
  const now = useNow();
  const id = `${account}/${stream}/${name}`;
  const lines = useLines([`durable:${id}`])[`durable:${id}`];
  const durable = picture.durables[id];
  if (!durable) return <Missing what={`Durable ${id}`} />;
  const problems = withFollowing(picture.head.problems, ({ what }) =>
    [`durable ${id}`, `consumer ${id}`].includes(what),
  );
  const workers = picture.head.workers.filter(
    (worker) => worker.account === account && worker.durables.includes(`${stream}/${name}`),
  );
  const acknowledged = age(durable.lastAcknowledged, now);
  return (
    <>
      <Crumbs
        of={[
          ["Durables", to.durables],
          [account, to.tenantDurables(account)],
          [stream, to.stream(account, stream)],
        ]}
      />
      <h1>
        <RowMark row={durable} /> {name}
      </h1>
      {problems.length > 0 && <Problems problems={problems} label="Problems" />}
      <section class="card" aria-label="Now">
        <Facts
          facts={[
            ["Waiting", plural(durable.pending ?? 0, "message")],
            ["In hand", `${count(durable.ackPending)}${durable.limit ? ` of ${count(durable.limit)}` : ""}`],
            ["Delivered again", count(durable.redelivered)],
            ["Delivered", rate(durable.rate)],
            ["Last acknowledged", acknowledged === "–" ? "never" : `${acknowledged} ago`],
            ["Reads", <code>{durable.filters.join(", ") || "all subjects"}</code>],
          ]}
        />
        <p class="placed">
          <span class="muted">Leader and replicas</span> <Replicas replicas={durable.replicas} />
        </p>
        {workers.length > 0 && (
          <p class="placed">
            <span class="muted">Worker</span>{" "}
            {workers.map((worker) => (
              <a key={worker.region} class={`chip ${worker.isReady ? "" : "problem"}`} href={to.worker(worker)}>
                {worker.name} in {worker.region}
                {worker.isReady ? "" : `: ${worker.reason}`}
              </a>
            ))}
          </p>
        )}
      </section>
      <section class="charts" aria-label="Last hour">
        <Chart lines={lines} measure="pending" label="Waiting" format={count} />
        <Chart lines={lines} measure="ackPending" label="In hand" format={count} />
        <Chart lines={lines} measure="rate" label="Deliveries a second" format={perSecond} />
      </section>
    </>
  );
}

export function RegionPage({
  region: name,
  picture,
  events,
}: {
  region: string;
  picture: Picture;
  events: HappenedEvent[];
}) {
  const { head, streams } = picture;
  const region = head.regions.find((one) => one.name === name);
  if (!region) return <Missing what={`Region ${name}`} />;
  const servers = head.servers.filter((server) => server.region === name);
  const gateways = head.gateways.filter(({ from, to: other }) => from === name || other === name);
  const own = Object.values(streams).filter(({ home }) => home === name);
  const problems = head.problems.filter(({ what }) => {
    const [kind, ...ids] = what.split(" ");
    return (kind === "region" || kind === "gateway") && ids.includes(name);
  });
  const names = servers.map((server) => server.name);
  return (
    <>
      <Crumbs of={[["Overview", to.overview]]} />
      <h1>
        <Mark severity={markOfRegion(region)} /> Region {name}
      </h1>
      {problems.length > 0 && <Problems problems={problems} label="Problems" />}
      <section class="card" aria-label="Now">
        <Facts
          facts={[
            ["Servers", `${region.serversUp} of ${region.servers} answer`],
            ["Majority", region.quorum ? "yes" : "no: streams placed here take no messages"],
            ["Leads", plural(region.leads, "stream")],
            ["Home of", plural(own.length, "stream")],
            ["Clients", count(region.connections)],
            ["Version", region.version ?? "–"],
            ["Address", <code>{region.clientUrls[0]}</code>],
          ]}
        />
        <ServerTable servers={servers} label={`Servers of ${name}`} />
      </section>
      <section class="card" aria-labelledby="gateways">
        <h2 id="gateways">Gateways</h2>
        <Table
          label="Gateways"
          headings={["From", "To", { number: "Servers" }, { number: "Round trip" }, { number: "Sends" }]}
        >
          {gateways.map((gateway) => {
            const { from, to: other, connected, roundTripMs, bytesPerSecond } = gateway;
            return (
              <tr key={`${from} ${other}`}>
                <th scope="row">
                  <Mark severity={markOfGateway(gateway)} /> {from}
                </th>
                <td>{other}</td>
                <td class="number">
                  {connected.servers} of {connected.all}
                </td>
                <td class="number">{milliseconds(roundTripMs)}</td>
                <td class="number">{bytesPerSecond === undefined ? "–" : `${bytes(bytesPerSecond)}/s`}</td>
              </tr>
            );
          })}
        </Table>
      </section>
      <Recent
        events={events.filter(({ server, what }) => (server && names.includes(server)) || what === `region ${name}`)}
      />
    </>
  );
}

const stateOf = ({ isUp, unhealthy, silentSince }: ServerView): string => {
  if (!isUp) return silentSince ? `does not answer; it last did at ${clock(silentSince)}` : "does not answer";
  if (silentSince) return `late: all of this is as of ${clock(silentSince)}`;
  return unhealthy ?? "answers, healthy";
};

export function ServerPage({
  server: name,
  picture,
  events,
}: {
  server: string;
  picture: Picture;
  events: HappenedEvent[];
}) {
  const now = useNow();
  const lines = useLines([`server:${name}`])[`server:${name}`];
  const server = picture.head.servers.find((one) => one.name === name);
  if (!server) return <Missing what={`Server ${name}`} />;
  const problems = picture.head.problems.filter(({ what }) => what === `server ${name}`);
  const holds = Object.values(picture.streams).filter(({ replicas }) => replicas.some((one) => one.server === name));
  const behind = holds.filter(({ replicas }) =>
    replicas.some((one) => one.server === name && (!one.isCurrent || one.isOffline)),
  );
  return (
    <>
      <Crumbs
        of={[
          ["Overview", to.overview],
          [server.region, to.region(server.region)],
        ]}
      />
      <h1>
        <Mark severity={markOf(server)} /> {name}
        {server.isMetaLeader && <span class="tag">meta leader</span>}
      </h1>
      {problems.length > 0 && <Problems problems={problems} label="Problems" />}
      <section class="card" aria-label="Now">
        <Facts
          facts={[
            ["State", stateOf(server)],
            ["Version", server.version ?? "–"],
            ["Running for", age(server.started, now)],
            ["Clients", count(server.connections)],
            ["CPU", percent(server.cpu)],
            ["Memory", bytes(server.memory)],
            ["Messages in and out", rate(server.messagesPerSecond)],
            ["Slow clients ended", count(server.slowConsumers)],
            ["Leads", server.leads === undefined ? "–" : plural(server.leads, "stream")],
            ["Holds copies of", plural(holds.length, "stream")],
          ]}
        />
        {behind.length > 0 && (
          <p class="placed">
            <Mark severity="warning" /> its copies that are behind:{" "}
            {behind.slice(0, 20).map(({ account, name: stream }) => (
              <a key={`${account}/${stream}`} class="chip warning" href={to.stream(account, stream)}>
                {account}/{stream}
              </a>
            ))}
          </p>
        )}
      </section>
      <section class="charts" aria-label="Last hour">
        <Chart lines={lines} measure="cpu" label="CPU" format={percent} />
        <Chart lines={lines} measure="memory" label="Memory" format={bytes} />
        <Chart lines={lines} measure="messagesPerSecond" label="Messages a second" format={perSecond} />
        <Chart lines={lines} measure="connections" label="Clients" format={count} />
      </section>
      <Recent events={events.filter((one) => one.server === name)} />
    </>
  );
}
