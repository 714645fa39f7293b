import { useEffect, useRef, useState } from "preact/hooks";
import type { GatewayView, Head, ServerView } from "../picture.ts";
import { markOf, markOfGateway } from "./region-card.tsx";
import { to } from "./route.ts";
import { bytes, milliseconds, plural } from "./words.ts";

interface Place {
  x: number;
  y: number;
}

/** How much room there is. */
interface Size {
  width: number;
  height: number;
  node: { width: number; height: number };
  /** Then words stand below the lowest regions; with more than three, only words of what is wrong. */
  isNarrow: boolean;
}

/** Pixels below which a map is narrow: a phone's. */
const narrow = 480;

function sizeOf(width: number, regions: number): Size {
  const isNarrow = width < narrow;
  const height = regions <= 3 ? 300 : isNarrow ? 560 : 540;
  return { width, height, node: { width: isNarrow ? 132 : 148, height: 72 }, isNarrow };
}

/** Regions on an ellipse, the first at the top; two beside each other. Pure. */
function placesOf(names: string[], { width, height, node }: Size): Map<string, Place> {
  const [rx, ry] = [width / 2 - node.width / 2 - 6, height / 2 - node.height / 2 - 6];
  const start = names.length === 2 ? Math.PI : -Math.PI / 2;
  return new Map(
    names.map((name, index) => {
      const angle = start + (2 * Math.PI * index) / Math.max(names.length, 1);
      const one = names.length === 1;
      const spread = names.length === 3 && index > 0 ? 1.12 : 1;
      return [
        name,
        {
          x: width / 2 + (one ? 0 : Math.min(1, Math.abs(Math.cos(angle)) * spread) * Math.sign(Math.cos(angle)) * rx),
          y: height / 2 + (one ? 0 : (names.length === 3 && index > 0 ? 1 : Math.sin(angle)) * ry),
        },
      ];
    }),
  );
}

/** Regions, their servers as marks, and a line for each two with what it takes and carries. */
export function SuperclusterMap({ head }: { head: Head }) {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(640);
  useEffect(() => {
    const resize = new ResizeObserver(() => place.current && setWidth(Math.max(280, place.current.clientWidth)));
    resize.observe(place.current!);
    return () => resize.disconnect();
  }, []);
  const names = head.regions.map(({ name }) => name);
  const size = sizeOf(width, names.length);
  const places = placesOf(names, size);
  const height = size.isNarrow && names.length <= 3 ? size.height + 60 : size.height;
  const pairs = names.flatMap((from, index) => names.slice(index + 1).map((to): [string, string] => [from, to]));
  return (
    <div ref={place} class="map">
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="group" aria-label="Map">
        {pairs.map(([from, other]) => (
          <Link
            key={`${from} ${other}`}
            head={head}
            ends={[from, other]}
            places={places}
            count={names.length}
            size={size}
          />
        ))}
        {names.map((name) => (
          <Region key={name} name={name} head={head} at={places.get(name)!} node={size.node} />
        ))}
      </svg>
    </div>
  );
}

/** Both directions of the gateways between two regions. */
function Link({
  head,
  ends: [from, other],
  places,
  count,
  size: { node, isNarrow },
}: {
  head: Head;
  ends: [string, string];
  places: Map<string, Place>;
  count: number;
  size: Size;
}) {
  const both = head.gateways.filter(
    (one) => (one.from === from && one.to === other) || (one.from === other && one.to === from),
  );
  const [a, b] = [places.get(from)!, places.get(other)!];
  const kind = kindOf(both);
  const rtt = Math.max(...both.map(({ roundTripMs }) => roundTripMs ?? -1));
  const rate = both.reduce((sum, { bytesPerSecond }) => sum + (bytesPerSecond ?? 0), 0);
  // Lines that cross in the middle would hide each other's words.
  const share = count > 3 && Math.abs(a.x - b.x) + Math.abs(a.y - b.y) > 300 ? 0.36 : 0.5;
  const [x, y] = [a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share];
  const words =
    kind === "problem"
      ? "not connected"
      : rtt < 0
        ? "not measured"
        : `${milliseconds(rtt)}${kind === "warning" && both.some(({ isSlow }) => isSlow) ? ", slow" : ""}`;
  const classOfLine = (line: string) => (line === words ? "rtt" : line === carries ? "carries" : "moved");
  const carries = kind !== "problem" && rate >= 1 ? `${bytes(rate)}/s` : "";
  const moved = [
    [from, other],
    [other, from],
  ].flatMap(([home, target]) => {
    const own = head.failovers.filter((one) => one.from === home && one.to === target);
    return own.length > 0 ? [`${plural(own.length, "stream")} of ${home} now in ${target}`] : [];
  });
  const lines = [words, ...(carries ? [carries] : []), ...moved];
  const isHidden = isNarrow && count > 3 && kind !== "problem" && !both.some(({ isSlow }) => isSlow);
  // Of many lines only what tells where to look: the rest is in the pages of regions.
  const chosen = isHidden ? [] : lines.filter((line) => count <= 3 || line !== carries);
  const shown = isNarrow ? chosen.map((line) => line.replace(/ of \S+ now/, "")) : chosen;
  const boxWidth = Math.max(...shown.map(({ length }) => length)) * 6.8 + 16;
  // Between two regions beside each other there may be no room: then below them.
  const isBetween = a.y !== b.y || Math.abs(a.x - b.x) - node.width >= boxWidth;
  const top = isBetween ? y - 9 * shown.length : y + node.height / 2 + 6;
  return (
    <g class={`gateway ${kind}`} role="img" aria-label={`${from} and ${other}: ${lines.join(", ")}`}>
      <line x1={a.x} y1={a.y} x2={b.x} y2={b.y} stroke-width={1.5 + Math.min(4, Math.log10(1 + rate) / 2)} />
      {shown.length > 0 && (
        <rect x={x - boxWidth / 2} y={top - 2} width={boxWidth} height={18 * shown.length + 4} rx="8" />
      )}
      {shown.map((line, index) => (
        <text key={line} x={x} y={top + 13 + 17 * index} class={classOfLine(line)}>
          {line}
        </text>
      ))}
    </g>
  );
}

function kindOf(both: GatewayView[]): "problem" | "warning" | "" {
  const marks = both.map(markOfGateway);
  return (["problem", "warning"] as const).find((kind) => marks.includes(kind)) ?? "";
}

const stateOf = (server: ServerView) => markOf(server) ?? "ok";

function Region({ name, head, at, node }: { name: string; head: Head; at: Place; node: Size["node"] }) {
  const servers = head.servers.filter(({ region }) => region === name);
  const up = servers.filter(({ isUp }) => isUp).length;
  const region = head.regions.find((one) => one.name === name)!;
  const kind = up === 0 ? "problem" : up < servers.length ? "warning" : "";
  const [left, top] = [at.x - node.width / 2, at.y - node.height / 2];
  const gap = Math.min(18, (node.width - 32) / Math.max(servers.length, 1));
  const failedOver = head.failovers.filter(({ to: target }) => target === name).length;
  const state = up === 0 ? "lost" : `${up} of ${servers.length}`;
  const more =
    up === 0
      ? ""
      : failedOver > 0
        ? node.width < 140
          ? `+ ${failedOver}`
          : `${failedOver} moved in`
        : `leads ${region.leads}`;
  return (
    <a href={to.region(name)} class={`region ${kind}`} aria-label={`Region ${name} ${state} ${more}`.trim()}>
      <rect x={left} y={top} width={node.width} height={node.height} rx="12" />
      <text x={left + 14} y={top + 28} class="name">
        {`${name} `}
      </text>
      <text x={left + node.width - 14} y={top + 28} class="leads">
        {`${state} `}
      </text>
      {servers.map((server, index) => (
        <g key={server.name} class={`server ${stateOf(server)}`}>
          {["ok", "unknown"].includes(stateOf(server)) ? (
            <circle cx={left + 20 + index * gap} cy={top + 50} r={server.isMetaLeader ? 6 : 5} />
          ) : (
            <path d={`M${left + 15 + index * gap} ${top + 45}l10 10m0-10l-10 10`} />
          )}
          {server.isMetaLeader && <circle class="meta" cx={left + 20 + index * gap} cy={top + 50} r="8.5" />}
        </g>
      ))}
      <text x={left + node.width - 14} y={top + 54} class="small">
        {more}
      </text>
    </a>
  );
}
