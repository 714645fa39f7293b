import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { FailedOver as Failover } from "../../operations/supercluster/failed-over.ts";
import type { ProblemView, ReplicaView, Severity } from "../picture.ts";
import { addressOf, to } from "./route.ts";
import { age } from "./words.ts";

const markWords = { problem: "problem", warning: "warning", info: "", ok: "ok", unknown: "not known" } as const;

type MarkOf = Severity | "info" | "unknown";

/** A shape and a colour for how something is; the shape alone says it too. */
export function Mark({ severity, label }: { severity?: MarkOf; label?: string }) {
  const kind = severity ?? "ok";
  const words = label ?? markWords[kind];
  return (
    <span class={`mark ${kind}`}>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        {kind === "problem" && <path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" />}
        {kind === "warning" && <path d="M8 1.5 15.5 14.5H.5z" />}
        {kind === "ok" && <circle cx="8" cy="8" r="4.5" />}
        {kind === "info" && <circle cx="8" cy="8" r="3" />}
        {kind === "unknown" && <circle cx="8" cy="8" r="4.5" class="hollow" />}
      </svg>
      {words && <span class="unseen">{words}</span>}
    </span>
  );
}

/** Of a stream or durable: without a leader nothing is known of it. */
export const RowMark = ({ row: { severity, leader } }: { row: { severity?: Severity; leader?: string } }) => (
  <Mark severity={severity ?? (leader === undefined ? "unknown" : undefined)} />
);

export const FailedOver = ({ failover: { to: region, mapped, unmapped } }: { failover: Failover }) => (
  <>
    <Mark severity="warning" /> failed over: its mirror in <a href={to.region(region)}>{region}</a> takes its messages
    {"; "}
    {unmapped.length === 0
      ? `all ${mapped.length} servers that answer map its subjects there`
      : `${mapped.length} servers map its subjects there, ${unmapped.join(", ")} not`}
  </>
);

/** A command of the project, to be copied, or a page of it, to be read here. */
export function Todo({ text, label }: { text: string; label?: string }) {
  const [isCopied, setCopied] = useState(false);
  const isPage = text.startsWith("docs/");
  const copy = () =>
    void navigator.clipboard.writeText(text).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), 1_500);
    });
  return (
    <span class="todo">
      <span class="muted">{label ?? (isPage ? "Read" : "Run")}</span>{" "}
      {isPage ? (
        <a href={`/${text}`} target="_blank" rel="noopener">
          <code>{text}</code>
        </a>
      ) : (
        <code>{text}</code>
      )}
      <button class="quiet small" onClick={copy} aria-label={`Copy ${text}`}>
        {isCopied ? "Copied" : "Copy"}
      </button>
    </span>
  );
}

/** A button that shows one more would take its room. */
const mostProblems = 5;

/** What these problems are about, and what follows from them, together with what explains it. */
export const withFollowing = (problems: ProblemView[], isOf: (problem: ProblemView) => boolean): ProblemView[] =>
  problems.flatMap((problem) => {
    if (isOf(problem)) return [problem];
    const follows = (problem.follows ?? []).filter(isOf);
    return follows.map((one) => ({ ...one, detail: `${one.detail}; follows from ${problem.what}` }));
  });

const lasting = (since: string, now: number): string =>
  now - Date.parse(since) < 5_000 ? "just now" : `for ${age(since, now)}`;

/** The worst first, each with what to do. */
export function Problems({ problems, label }: { problems: ProblemView[]; label: string }) {
  const [isWhole, setWhole] = useState(false);
  const now = useNow();
  const shown = isWhole
    ? problems
    : problems.slice(0, problems.length === mostProblems ? mostProblems : mostProblems - 1);
  return (
    <>
      <ul class="problems" aria-label={label}>
        {shown.map((problem, index) => (
          <li key={`${problem.what} ${index}`} class={problem.severity}>
            <Mark severity={problem.severity} />
            <div>
              <p>
                <b>
                  <About problem={problem} />
                </b>{" "}
                <span>{problem.detail}</span>
              </p>
              <Todo text={problem.todo} />
              {problem.follows && <Following follows={problem.follows} kinds={problem.kinds} />}
            </div>
            {problem.since && <span class="for muted">{lasting(problem.since, now)}</span>}
          </li>
        ))}
      </ul>
      {problems.length > shown.length && (
        <button class="more" onClick={() => setWhole(true)}>
          Show all {problems.length}
        </button>
      )}
    </>
  );
}

function About({ problem }: { problem: ProblemView }) {
  const address = addressOf(problem);
  return <>{address ? <a href={address}>{problem.what}</a> : problem.what}</>;
}

/** What is over when its cause is: folded, because there is nothing to do about it. */
const Following = ({ follows, kinds }: { follows: ProblemView[]; kinds?: string }) => (
  <details>
    <summary>
      {follows.length === 1 ? "This follows" : `${follows.length} more follow`} from it{kinds && `: ${kinds}`}
    </summary>
    <ul>
      {follows.map((one, index) => (
        <li key={`${one.what} ${index}`}>
          <About problem={one} /> <span class="muted">{one.detail}</span>
        </li>
      ))}
    </ul>
  </details>
);

/** Nothing where it has no limit. */
export function Bar({ value, label }: { value?: number; label: string }) {
  if (value === undefined) return <span class="muted">–</span>;
  const kind = value >= 90 ? "problem" : value >= 70 ? "warning" : "";
  return (
    <span class="bar">
      <meter class={kind} min={0} max={100} value={Math.min(value, 100)} aria-label={label} />
      <span>{value > 0 && value < 1 ? "<1" : Math.round(value)} %</span>
    </span>
  );
}

/** A server a chip, its leader first. */
export function Replicas({ replicas, wanted }: { replicas: ReplicaView[]; wanted?: number }) {
  const missing = replicas.length > 0 ? Math.max(0, (wanted ?? 0) - replicas.length) : 0;
  return (
    <span class="replicas">
      {replicas.length === 0 && <span class="muted">not known</span>}
      {replicas.map(({ server, isLeader, isCurrent, isOffline, lag }) => {
        const state = isOffline ? "offline" : isCurrent ? "" : `behind${lag ? ` by ${lag}` : ""}`;
        const words = [isLeader ? "leader" : "copy", state].filter(Boolean).join(", ");
        return (
          <a
            key={server}
            href={to.server(server)}
            class={`chip ${isLeader ? "leader" : ""} ${isOffline ? "problem" : isCurrent ? "" : "warning"}`}
            title={words}
          >
            {server}
            <span class="unseen">, {words}</span>
          </a>
        );
      })}
      {missing > 0 && <span class="chip problem">{missing} missing</span>}
    </span>
  );
}

/** The heading of a column; numbers stand to the right. */
export type Heading = string | { number: string };

export const Headings = ({ of }: { of: Heading[] }) => (
  <thead>
    <tr>
      {of.map((heading) =>
        typeof heading === "string" ? (
          <th key={heading} scope="col">
            {heading}
          </th>
        ) : (
          <th key={heading.number} scope="col" class="number">
            {heading.number}
          </th>
        ),
      )}
    </tr>
  </thead>
);

/** A table that scrolls sideways where it is wider than the page, also by keyboard. */
export const Table = ({
  label,
  headings,
  children,
}: {
  label: string;
  headings: Heading[];
  children: ComponentChildren;
}) => (
  <div class="scroll" tabIndex={0} role="region" aria-label={`${label}, table`}>
    <table class="plain">
      <Headings of={headings} />
      <tbody>{children}</tbody>
    </table>
  </div>
);

export function Facts({ facts }: { facts: [name: string, value: ComponentChildren][] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Crumbs({ of }: { of: [name: string, address: string][] }) {
  return (
    <nav class="crumbs" aria-label="Where this is">
      {of.map(([name, address]) => (
        <span key={address}>
          <a href={address}>{name}</a>
        </span>
      ))}
    </nav>
  );
}

/** The time, again every so many milliseconds: ages grow although nothing else changes. */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** Whether a media query is true now. */
export function useMedia(query: string): boolean {
  const [isTrue, setTrue] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const onChange = () => setTrue(list.matches);
    list.addEventListener("change", onChange);
    return () => list.removeEventListener("change", onChange);
  }, [query]);
  return isTrue;
}

export function Missing({ what }: { what: string }) {
  return (
    <>
      <h1>{what}</h1>
      <p>
        Nothing of this name is there, or what has it does not answer. <a href={to.overview}>To the overview</a>
      </p>
    </>
  );
}
