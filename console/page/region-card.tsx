import type { Head, ServerView } from "../picture.ts";
import { Headings, Mark } from "./parts.tsx";
import { to } from "./route.ts";
import { bytes, clock, count, perSecond, percent, plural } from "./words.ts";

export const markOf = ({ isUp, unhealthy, silentSince }: ServerView) =>
  !isUp ? "problem" : unhealthy ? "warning" : silentSince ? "unknown" : undefined;

export const markOfRegion = ({ serversUp, servers }: Head["regions"][number]) =>
  serversUp === 0 ? "problem" : serversUp < servers ? "warning" : undefined;

export const markOfGateway = ({ connected, isSlow }: Pick<Head["gateways"][number], "connected" | "isSlow">) =>
  connected.servers === 0 ? "problem" : isSlow || connected.servers < connected.all ? "warning" : undefined;

/** A region with its servers. */
export function RegionCard({ region, head }: { region: Head["regions"][number]; head: Head }) {
  const servers = head.servers.filter((server) => server.region === region.name);
  const { serversUp, leads, connections, version, name } = region;
  const severity = markOfRegion(region);
  return (
    <section class={`card region-card ${severity ?? ""}`} aria-labelledby={`region-${name}`}>
      <h2 id={`region-${name}`}>
        <Mark severity={severity} /> <a href={to.region(name)}>{name}</a>
        <span class="muted">
          {serversUp === 0 ? "lost" : `leads ${plural(leads, "stream")}, ${plural(connections, "client")}`}
          {version ? ` · ${version}` : ""}
        </span>
      </h2>
      <ServerTable servers={servers} label={`Servers of ${name}`} />
    </section>
  );
}

export function ServerTable({ servers, label }: { servers: ServerView[]; label: string }) {
  return (
    <table class="plain">
      <caption class="unseen">{label}</caption>
      <Headings of={["Server", { number: "CPU" }, { number: "Memory" }, { number: "Msg/s" }, { number: "Leads" }]} />
      <tbody>
        {servers.map((server) => (
          <tr key={server.name} class={server.isUp ? "" : "lost"}>
            <th scope="row">
              <Mark severity={markOf(server)} /> <a href={to.server(server.name)}>{server.name}</a>
              {server.isMetaLeader && <span class="tag">meta leader</span>}
              {server.isUp && server.silentSince && <span class="tag">as of {clock(server.silentSince)}</span>}
            </th>
            {server.isUp ? (
              <>
                <td class="number">{percent(server.cpu)}</td>
                <td class="number">{bytes(server.memory)}</td>
                <td class="number">{perSecond(server.messagesPerSecond)}</td>
                <td class="number">{count(server.leads)}</td>
              </>
            ) : (
              <td colSpan={4} class="number">
                does not answer{server.silentSince && `; last at ${clock(server.silentSince)}`}
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
