import type { HappenedEvent, Picture, Update } from "../picture.ts";
import { changed } from "./changed.ts";

export interface State {
  picture?: Picture;
  events: HappenedEvent[];
  /** Absent: servers answer. */
  blind?: { since: string; reason: string };
  /** `refused`: the token is not, or no longer, valid. */
  link: "connecting" | "live" | "lost" | "refused";
}

const key = "supercluster console token";

/** Milliseconds without an update after which the connection counts as lost: one comes every 2 s. */
const silenceMs = 15_000;

/**
 * The token comes in the address once, after `#`, where no server, log or referrer sees it; it is taken out at once and
 * kept for this origin, so that other tabs and deep links work.
 */
function ownToken(): string {
  const [, token] = /^#token=([\w-]+)$/.exec(location.hash) ?? [];
  if (token) {
    localStorage.setItem(key, token);
    history.replaceState(null, "", "#/");
  }
  return localStorage.getItem(key) ?? "";
}

const token = ownToken();

const headers = () => ({ Authorization: `Bearer ${token}` });

/** Reads what the console's server says to a request. Throws its message. */
export async function read<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await fetch(path, { headers: headers(), signal });
  const body = (await response.json().catch(() => ({}))) as T & { error?: string };
  if (!response.ok) throw new Error(body.error ?? `the console answered ${response.status}`);
  return body;
}

/** Calls back with every state; connects again as long as the page is open. */
export async function follow(show: (state: State) => void): Promise<never> {
  let state: State = { events: [], link: "connecting" };
  const set = (next: Partial<State>) => show((state = { ...state, ...next }));
  for (let failures = 0; ; failures++) {
    try {
      for await (const update of updates()) {
        failures = 0;
        set(after(state, update));
      }
    } catch (error) {
      if (error instanceof Refused) set({ link: "refused" });
    }
    if (state.link !== "refused") set({ link: "lost" });
    await new Promise((resolve) => setTimeout(resolve, Math.min(500 * 2 ** failures, 10_000)));
  }
}

class Refused extends Error {}

/** Server-sent events by `fetch`, because `EventSource` sends no header. */
async function* updates(): AsyncGenerator<Update> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), silenceMs);
  try {
    const response = await fetch("/api/updates", { headers: headers(), signal: silence.signal });
    if (response.status === 401) throw new Refused();
    if (!response.ok || !response.body) throw new Error(`the console answered ${response.status}`);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), silenceMs);
      const parts = (text + value).split("\n\n");
      text = parts.pop()!;
      for (const part of parts) {
        const data = part
          .split("\n")
          .flatMap((line) => (line.startsWith("data:") ? [line.slice(5).trimStart()] : []))
          .join("\n");
        if (data) yield JSON.parse(data) as Update;
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

const mostEvents = 500;

/** Pure. */
function after(state: State, update: Update): Partial<State> {
  const live = { link: "live" } as const;
  switch (update.kind) {
    case "picture":
      return { ...live, picture: update.picture, events: update.events, blind: undefined };
    case "change":
      return {
        ...live,
        ...(state.picture && { picture: changed(state.picture, update.change) }),
        events: [...state.events, ...update.events].slice(-mostEvents),
        blind: undefined,
      };
    case "events":
      return { ...live, events: [...state.events, ...update.events].slice(-mostEvents) };
    case "blind":
      return { ...live, blind: { since: update.since, reason: update.reason } };
  }
}
