import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Picture } from "../picture.ts";
import { follow, type State } from "./connection.ts";
import { EventsView } from "./events.tsx";
import { LettersView, LetterView } from "./letters.tsx";
import { DurablePage, RegionPage, ServerPage, StreamPage } from "./objects.tsx";
import { Overview } from "./overview.tsx";
import { Mark } from "./parts.tsx";
import { type Route, routeOf, to } from "./route.ts";
import { TablesView } from "./tables.tsx";
import { ThemeButton } from "./theme.tsx";
import { clock } from "./words.ts";
import { WorkerPage, WorkersView } from "./workers.tsx";

const tabs: [name: string, address: string, views: Route["view"][]][] = [
  ["Overview", to.overview, ["overview", "region", "server"]],
  ["Streams", to.streams, ["streams", "durables", "stream", "durable"]],
  ["Workers", to.workers, ["workers", "worker"]],
  ["Dead letters", to.letters, ["letters", "letter"]],
  ["Events", to.events, ["events"]],
];

export function App() {
  const [state, setState] = useState<State>({ events: [], link: "connecting" });
  const [route, setRoute] = useState(() => routeOf(location.hash));
  const main = useRef<HTMLElement>(null);
  useEffect(() => void follow(setState), []);
  useEffect(() => {
    const onHash = () => {
      setRoute(routeOf(location.hash));
      window.scrollTo(0, 0);
      main.current?.focus({ preventScroll: true });
    };
    window.addEventListener("hashchange", onHash);
    return () => window.removeEventListener("hashchange", onHash);
  }, []);
  const { picture, link, blind } = state;
  useEffect(() => {
    const problems = picture?.head.problems.filter(({ severity }) => severity === "problem").length ?? 0;
    const where = picture?.head.environment ?? "Supercluster";
    document.title = `${problems > 0 ? `(${problems}) ` : ""}${titleOf(route)} · ${where}`;
  }, [picture, route]);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href={to.overview}>
          <img src="/page/icon.svg" alt="" width="24" height="24" />
          <span>
            Supercluster <b>{picture?.head.environment}</b>
          </span>
        </a>
        <nav aria-label="Views">
          {tabs.map(([name, address, views]) => (
            <a key={name} href={address} aria-current={views.includes(route.view) ? "page" : undefined}>
              {name}
              <TabCount name={name} picture={picture} />
            </a>
          ))}
        </nav>
        <div class="state">
          <Live state={state} />
          <ThemeButton />
        </div>
      </header>
      {link === "refused" && (
        <Banner severity="problem">
          This address is no longer valid. Run <code>npm run console</code> and open the address that it prints.
        </Banner>
      )}
      {link === "lost" && picture && (
        <Banner severity="problem">
          The console does not answer: what is shown is of {clock(picture.head.time)}. It is tried again.
        </Banner>
      )}
      {blind && link === "live" && (
        <Banner severity="problem">
          No server answers since {clock(blind.since)}
          {picture ? `; what is shown is of ${clock(picture.head.time)}` : ""}. {blind.reason}
        </Banner>
      )}
      {picture &&
        route.view !== "overview" &&
        !blind &&
        link === "live" &&
        picture.head.unseen.map((text) => (
          <Banner key={text} severity="warning">
            {text}.
          </Banner>
        ))}
      <main id="main" tabIndex={-1} ref={main} class={link === "lost" || blind ? "old" : ""}>
        {picture ? (
          <View route={route} state={state} picture={picture} />
        ) : (
          link !== "refused" && <p class="wait">{blind ? "Nothing was seen yet" : "Asking the servers"}</p>
        )}
      </main>
    </>
  );
}

const titleOf = (route: Route): string => {
  if (route.view === "stream") return `${route.account}/${route.stream}`;
  if (route.view === "durable") return `${route.account}/${route.stream}/${route.durable}`;
  if (route.view === "server") return route.server;
  if (route.view === "region") return route.region;
  if (route.view === "worker") return `${route.account}/${route.name}`;
  return tabs.find(([, , views]) => views.includes(route.view))?.[0] ?? "Not found";
};

function View({ route, state, picture }: { route: Route; state: State; picture: Picture }) {
  switch (route.view) {
    case "overview":
      return <Overview picture={picture} events={state.events} />;
    case "streams":
    case "durables":
      return <TablesView key={route.view} kind={route.view} account={route.account} picture={picture} />;
    case "stream":
      return <StreamPage {...route} picture={picture} events={state.events} />;
    case "durable":
      return <DurablePage {...route} picture={picture} />;
    case "region":
      return <RegionPage {...route} picture={picture} events={state.events} />;
    case "server":
      return <ServerPage {...route} picture={picture} events={state.events} />;
    case "workers":
      return <WorkersView picture={picture} />;
    case "worker":
      return <WorkerPage {...route} picture={picture} />;
    case "letters":
      return <LettersView account={route.account} picture={picture} />;
    case "letter":
      return <LetterView key={route.id} {...route} />;
    case "events":
      return <EventsView events={state.events} />;
    case "unknown":
      return (
        <>
          <h1>There is nothing at this address</h1>
          <p>
            <a href={to.overview}>To the overview</a>
          </p>
        </>
      );
  }
}

function TabCount({ name, picture }: { name: string; picture?: Picture }) {
  if (!picture) return null;
  const letters = picture.head.tenants.reduce((sum, { deadLetters = 0 }) => sum + deadLetters, 0);
  const workers = picture.head.workers.filter(({ isReady }) => !isReady).length;
  const value = name === "Dead letters" ? letters : name === "Workers" ? workers : 0;
  const isBroken = name === "Workers";
  return value > 0 ? <span class={isBroken ? "badge problem" : "badge"}>{value > 999 ? "999+" : value}</span> : null;
}

function Live({ state: { link, picture, blind } }: { state: State }) {
  const severity = link === "live" ? (blind ? "problem" : undefined) : link === "connecting" ? "unknown" : "problem";
  const words =
    link === "live" ? (blind ? "no answer" : "live") : link === "connecting" ? "connecting" : "not connected";
  return (
    <span class="live">
      <Mark severity={severity} label="" /> {words}
      {picture && <time class="muted">{clock(picture.head.time)}</time>}
    </span>
  );
}

function Banner({ severity, children }: { severity: "problem" | "warning"; children: ComponentChildren }) {
  return (
    <div class={`banner ${severity}`} role={severity === "problem" ? "alert" : "status"}>
      <Mark severity={severity} />
      <span>{children}</span>
    </div>
  );
}
