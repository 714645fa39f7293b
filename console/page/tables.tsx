import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { DurableView, Lines, Picture, Severity, StreamView } from "../picture.ts";
import { Spark, useLines } from "./lines.tsx";
import { Bar, Problems, Replicas, RowMark, useMedia, useNow, withFollowing } from "./parts.tsx";
import { to } from "./route.ts";
import { type Column, sortedBy, VirtualTable } from "./virtual.tsx";
import { age, bytes, count, perSecond } from "./words.ts";

const rank = (severity: Severity | undefined): number => (severity === "problem" ? 0 : severity ? 1 : 2);

const streamId = ({ account, name }: StreamView): string => `${account}/${name}`;
const durableId = ({ account, stream, name }: DurableView): string => `${account}/${stream}/${name}`;

/** Streams or durables, of one tenant or of all: problems first. */
export function TablesView({
  kind,
  account,
  picture,
}: {
  kind: "streams" | "durables";
  account?: string;
  picture: Picture;
}) {
  const [text, setText] = useState("");
  const [isTroubled, setTroubled] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { target } = event;
      if (event.key !== "/" || target instanceof HTMLInputElement) return;
      event.preventDefault();
      input.current?.focus();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  const { head } = picture;
  const tenant = head.tenants.find(({ name }) => name === account);
  const accounts = useMemo(
    () => [...new Set(Object.values(picture.streams).map((stream) => stream.account))].sort(),
    [Object.keys(picture.streams).length],
  );
  const fits = (id: string, severity: Severity | undefined) =>
    (!isTroubled || severity !== undefined) && id.toLowerCase().includes(text.toLowerCase());
  const streams = Object.values(picture.streams).filter((row) => account === undefined || row.account === account);
  const durables = Object.values(picture.durables).filter((row) => account === undefined || row.account === account);
  const address = (one: "streams" | "durables") =>
    account === undefined ? to[one] : one === "streams" ? to.tenant(account) : to.tenantDurables(account);
  const problems = account === undefined ? [] : withFollowing(head.problems, (one) => one.account === account);
  return (
    <>
      <h1>{account ?? (kind === "streams" ? "Streams" : "Durables")}</h1>
      {tenant && (
        <p class="muted">
          Tenant, home region <a href={to.region(tenant.home)}>{tenant.home}</a>
          {tenant.keepsDeadLetters && (
            <>
              {" · "}
              <a href={to.tenantLetters(tenant.name)}>
                {tenant.deadLetters === undefined ? "dead letters" : `${count(tenant.deadLetters)} dead letters`}
              </a>
            </>
          )}
        </p>
      )}
      {problems.length > 0 && <Problems problems={problems} label={`Problems of ${account}`} />}
      <div class="tools">
        <div class="choice" role="group" aria-label="What is listed">
          <a href={address("streams")} aria-current={kind === "streams" ? "true" : undefined}>
            Streams <span class="muted">{count(streams.length)}</span>
          </a>
          <a href={address("durables")} aria-current={kind === "durables" ? "true" : undefined}>
            Durables <span class="muted">{count(durables.length)}</span>
          </a>
        </div>
        <input
          ref={input}
          type="search"
          placeholder="Filter by name  ( / )"
          aria-label="Filter by name"
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <label class="check">
          <input type="checkbox" checked={isTroubled} onChange={() => setTroubled(!isTroubled)} /> only problems
        </label>
        <select
          aria-label="Tenant"
          value={account ?? ""}
          onChange={({ currentTarget: { value } }) => {
            location.hash = value === "" ? to[kind] : kind === "streams" ? to.tenant(value) : to.tenantDurables(value);
          }}
        >
          <option value="">all tenants</option>
          {accounts.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </div>
      {kind === "streams" ? (
        <Rows
          {...{ kind: "stream", label: "Streams", idOf: streamId, columnsOf: streamColumns }}
          rows={streams.filter((row) => fits(streamId(row), row.severity))}
        />
      ) : (
        <Rows
          {...{ kind: "durable", label: "Durables", idOf: durableId, columnsOf: durableColumns }}
          rows={durables.filter((row) => fits(durableId(row), row.severity))}
        />
      )}
    </>
  );
}

const phone = "(max-width: 760px)";

/** Height of a row in pixels, as style.css has it: on a phone a row is a card. */
const useRowHeight = () => (useMedia(phone) ? 92 : 44);

/** Of streams or durables. */
interface RowsOptions<Row> {
  kind: "stream" | "durable";
  label: string;
  rows: Row[];
  idOf: (row: Row) => string;
  /** With the lines of rows that can be seen, by `<kind>:<id>`. */
  columnsOf: (now: number, lines: Record<string, Lines>) => Column<Row>[];
}

function Rows<Row extends { severity?: Severity }>({ kind, label, rows, idOf, columnsOf }: RowsOptions<Row>) {
  const now = useNow(5_000);
  const [seen, setSeen] = useState<string[]>([]);
  const lines = useLines(seen.map((id) => `${kind}:${id}`));
  // Once for what is the same: scrolling draws the table again.
  const sorted = useMemo(() => sortedBy(rows, (row) => `${rank(row.severity)} ${idOf(row)}`), [rows]);
  const columns = useMemo(() => columnsOf(now, lines), [now, lines]);
  return (
    <div class={label.toLowerCase()}>
      <VirtualTable
        {...{ label, columns, rows: sorted, idOf, rowHeight: useRowHeight(), onSeen: setSeen }}
        classOf={({ severity }) => severity ?? ""}
      />
    </div>
  );
}

const streamColumns: RowsOptions<StreamView>["columnsOf"] = (now, lines) => [
  {
    name: "Stream",
    sort: streamId,
    cell: ({ account, name, severity, leader, mirrorOf, home }) => (
      <>
        <RowMark row={{ severity, leader }} />{" "}
        <a href={to.stream(account, name)} data-row>
          <span class="muted">{account}/</span>
          {name}
        </a>
        {mirrorOf && <span class="tag">mirror</span>}
        {home === undefined && <span class="tag">undeclared</span>}
      </>
    ),
  },
  {
    name: "Replicas",
    cell: ({ replicas, wantedReplicas }) => <Replicas replicas={replicas} wanted={wantedReplicas} />,
  },
  { name: "Msg/s", isNumber: true, sort: ({ rate }) => rate ?? -1, cell: ({ rate }) => perSecond(rate) },
  {
    name: "Last hour",
    cell: (row) => <Spark line={lines[`stream:${streamId(row)}`]?.values.rate} label="Messages a second, last hour" />,
  },
  {
    name: "Messages",
    isNumber: true,
    sort: ({ messages }) => messages ?? -1,
    cell: ({ messages }) => count(messages),
  },
  { name: "Size", isNumber: true, sort: (row) => row.bytes ?? -1, cell: (row) => bytes(row.bytes) },
  {
    name: "Full",
    sort: ({ fullness }) => -(fullness ?? -1),
    cell: ({ fullness }) => <Bar value={fullness} label="How full" />,
  },
  {
    name: "Lag",
    isNumber: true,
    sort: ({ lag }) => lag ?? -1,
    cell: ({ lag, mirrorOf }) => (mirrorOf ? count(lag) : <span class="muted">–</span>),
  },
  { name: "Oldest", isNumber: true, sort: ({ oldest }) => oldest ?? "9", cell: ({ oldest }) => age(oldest, now) },
];

const durableColumns: RowsOptions<DurableView>["columnsOf"] = (now, lines) => [
  {
    name: "Durable",
    sort: durableId,
    cell: ({ account, stream, name, severity, leader }) => (
      <>
        <RowMark row={{ severity, leader }} />{" "}
        <a href={to.durable(account, stream, name)} data-row>
          <span class="muted">
            {account}/{stream}/
          </span>
          {name}
        </a>
      </>
    ),
  },
  {
    name: "Leader",
    sort: ({ leader }) => leader ?? "",
    cell: ({ replicas }) => <Replicas replicas={replicas.slice(0, 1)} />,
  },
  { name: "Waiting", isNumber: true, sort: ({ pending }) => pending ?? -1, cell: ({ pending }) => count(pending) },
  {
    name: "Last hour",
    cell: (row) => <Spark line={lines[`durable:${durableId(row)}`]?.values.pending} label="Waiting, last hour" />,
  },
  {
    name: "In hand",
    isNumber: true,
    sort: ({ ackPending }) => ackPending ?? -1,
    cell: ({ ackPending, limit }) => (
      <>
        {count(ackPending)}
        {limit !== undefined && ackPending !== undefined && <span class="muted"> of {count(limit)}</span>}
      </>
    ),
  },
  {
    name: "Again",
    isNumber: true,
    sort: ({ redelivered }) => redelivered ?? -1,
    cell: ({ redelivered }) => count(redelivered),
  },
  { name: "Msg/s", isNumber: true, sort: ({ rate }) => rate ?? -1, cell: ({ rate }) => perSecond(rate) },
  {
    name: "Acknowledged",
    isNumber: true,
    sort: ({ lastAcknowledged }) => lastAcknowledged ?? "",
    cell: ({ lastAcknowledged }) => (age(lastAcknowledged, now) === "–" ? "–" : `${age(lastAcknowledged, now)} ago`),
  },
];
