import type { HappenedEvent, Picture } from "../picture.ts";
import { EventList } from "./events.tsx";
import { SuperclusterMap } from "./map.tsx";
import { FailedOver, Mark, Problems } from "./parts.tsx";
import { RegionCard } from "./region-card.tsx";
import { to } from "./route.ts";
import { plural } from "./words.ts";

/** What is wrong, where to look, and what there is. */
export function Overview({ picture, events }: { picture: Picture; events: HappenedEvent[] }) {
  const { head } = picture;
  const { problems, failovers, warnings, monitoring } = head;
  return (
    <>
      <Verdict picture={picture} />
      {problems.length > 0 && <Problems problems={problems} label="Problems" />}
      {head.unseen.length > 0 && (
        <div class="hidden-facts muted" role="status">
          {head.unseen.map((text) => (
            <p key={text}>
              <Mark severity="unknown" label="" /> <span>{text}.</span>
            </p>
          ))}
        </div>
      )}
      <div class="beside">
        <section class="card" aria-labelledby="map">
          <h2 id="map">Regions and gateways</h2>
          <SuperclusterMap head={head} />
        </section>
        <section class="card" aria-labelledby="recent">
          <h2 id="recent">
            Happened last <a href={to.events}>all events</a>
          </h2>
          <EventList events={lastOf(events)} />
        </section>
      </div>
      <section class="regions" aria-label="Regions">
        {head.regions.map((region) => (
          <RegionCard key={region.name} region={region} head={head} />
        ))}
      </section>
      {(failovers.length > 0 || warnings.length > 0 || monitoring) && (
        <section class="card notes" aria-label="Notes">
          {failovers.map((failover) => (
            <p key={`${failover.account}/${failover.stream}`}>
              <a href={to.stream(failover.account, failover.stream)}>
                {failover.account}/{failover.stream}
              </a>
              : <FailedOver failover={failover} />
            </p>
          ))}
          {warnings.map((text) => (
            <p key={text}>
              <Mark severity="info" /> {text}
            </p>
          ))}
          {monitoring && (
            <p>
              <Mark severity={monitoring.prometheus.isUp ? undefined : "problem"} /> Prometheus{" "}
              {monitoring.prometheus.isUp
                ? `reads ${plural(monitoring.targets, "target")}; alerts that fire are among the problems`
                : "does not answer: alerts are not known"}
            </p>
          )}
        </section>
      )}
    </>
  );
}

const isOfServers = ({ what, server }: HappenedEvent): boolean =>
  server !== undefined || /^(region|gateway|meta) /.test(what);

/**
 * The newest, among them what became of servers and regions, which what follows from it would push out; elections, of
 * which a lost server causes hundreds, are among all events. Pure.
 */
function lastOf(events: HappenedEvent[]): HappenedEvent[] {
  const causes = events.filter(isOfServers).slice(-5);
  const others = events.filter((event) => !isOfServers(event) && event.what !== "elections").slice(-5);
  return [...causes, ...others].toSorted((one, other) => other.id - one.id);
}

function Verdict({ picture: { head, streams, durables } }: { picture: Picture }) {
  const { problems, servers, regions, metaPeers } = head;
  const broken = problems.filter(({ severity }) => severity === "problem").length;
  const warned = problems.length - broken;
  const severity = broken > 0 ? "problem" : warned > 0 ? "warning" : undefined;
  const words = [
    ...(broken > 0 ? [plural(broken, "problem")] : []),
    ...(warned > 0 ? [plural(warned, "warning")] : []),
  ];
  const leader = servers.find(({ isMetaLeader }) => isMetaLeader);
  const facts = [
    `${servers.filter(({ isUp }) => isUp).length} of ${plural(servers.length, "server")} answer`,
    plural(regions.length, "region"),
    plural(Object.keys(streams).length, "stream"),
    plural(Object.keys(durables).length, "durable"),
    leader ? `meta leader ${leader.name}, ${metaPeers.current} of ${metaPeers.all} peers current` : "no meta leader",
  ];
  return (
    <div class={`verdict ${severity ?? "ok"}`}>
      <Mark severity={severity} label="" />
      <div>
        <h1>{words.length > 0 ? words.join(", ") : "All is well"}</h1>
        <p class="muted">{facts.join(" · ")}</p>
      </div>
    </div>
  );
}
