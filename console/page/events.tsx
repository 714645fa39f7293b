import { useState } from "preact/hooks";
import type { HappenedEvent } from "../picture.ts";
import { Mark } from "./parts.tsx";
import { addressOf } from "./route.ts";
import { clock } from "./words.ts";

/** In words, the newest first. */
export function EventList({ events }: { events: HappenedEvent[] }) {
  if (events.length === 0) return <p class="muted">Nothing happened since the console was started.</p>;
  return (
    <ol class="events">
      {events.map((event) => {
        const address = addressOf(event);
        return (
          <li key={event.id} class={event.severity}>
            <time>{clock(event.time)}</time>
            <Mark severity={event.severity} />
            <span>{address ? <a href={address}>{event.text}</a> : event.text}</span>
          </li>
        );
      })}
    </ol>
  );
}

const choices = ["all", "problems and warnings"] as const;

export function EventsView({ events }: { events: HappenedEvent[] }) {
  const [choice, setChoice] = useState<(typeof choices)[number]>("all");
  const [text, setText] = useState("");
  const shown = events
    .filter(({ severity }) => choice === "all" || severity !== "info")
    .filter((event) => event.text.toLowerCase().includes(text.toLowerCase()))
    .reverse();
  return (
    <>
      <h1>Events</h1>
      <p class="muted">
        What servers reported since the console was started, the newest first; the last 500 are kept, in memory.
      </p>
      <div class="tools">
        <input
          type="search"
          placeholder="Filter"
          aria-label="Filter events"
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <div class="choice" role="group" aria-label="Which events">
          {choices.map((one) => (
            <button key={one} aria-pressed={one === choice} onClick={() => setChoice(one)}>
              {one}
            </button>
          ))}
        </div>
      </div>
      <section class="card" aria-label="Events">
        <EventList events={shown} />
      </section>
    </>
  );
}
