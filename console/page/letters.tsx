import { useEffect, useState } from "preact/hooks";
import type { LetterList, Picture, WholeLetter } from "../picture.ts";
import { read } from "./connection.ts";
import { Crumbs, Facts, Mark, Table, Todo, useNow } from "./parts.tsx";
import { to } from "./route.ts";
import { age, bytes, count, plural } from "./words.ts";

/** Reasons of workers/messaging/contract.ts. */
const reasonWords: Record<string, string> = {
  invalid: "malformed: the worker could not parse them",
  terminal: "the worker said that trying again is useless",
  attempts: "failed as often as is allowed",
  deliveries: "the worker's process ended each time it had them",
};

/** Reads once, and again when what it is for changes. */
function useRead<T>(path: string | undefined, again: unknown): { found?: T; error?: string } {
  const [state, setState] = useState<{ path?: string; found?: T; error?: string }>({});
  useEffect(() => {
    if (path === undefined) return;
    const end = new AbortController();
    read<T>(path, end.signal).then(
      (found) => setState({ path, found }),
      (error: Error) => end.signal.aborted || setState({ path, error: error.message }),
    );
    return () => end.abort();
  }, [path, again]);
  return state.path === path ? state : {};
}

/** Messages that workers gave up: how many of each tenant, then of one tenant by reason. */
export function LettersView({ account, picture }: { account?: string; picture: Picture }) {
  const keeping = picture.head.tenants.filter(({ keepsDeadLetters }) => keepsDeadLetters);
  const chosen =
    account ?? keeping.toSorted((one, other) => (other.deadLetters ?? 0) - (one.deadLetters ?? 0))[0]?.name;
  const kept = keeping.find(({ name }) => name === chosen)?.deadLetters;
  const path = chosen === undefined ? undefined : `/api/dead-letters/${encodeURIComponent(chosen)}`;
  const { found, error } = useRead<LetterList>(path, kept);
  return (
    <>
      <h1>Dead letters</h1>
      <p class="muted">
        Copies of messages that workers gave up. The console only shows them: the commands send them again, or delete
        them.
      </p>
      <div class="tools">
        <div class="choice" role="group" aria-label="Tenant">
          {keeping.map(({ name, deadLetters }) => (
            <a key={name} href={to.tenantLetters(name)} aria-current={name === chosen ? "true" : undefined}>
              {name} <span class="muted">{deadLetters === undefined ? "not known" : count(deadLetters)}</span>
            </a>
          ))}
        </div>
      </div>
      {keeping.length === 0 && <p>No tenant keeps dead letters.</p>}
      {error && (
        <p role="alert">
          <Mark severity="problem" /> {error}
        </p>
      )}
      {found && <Letters list={found} />}
      {chosen !== undefined && !found && !error && <p class="wait">Reading the dead letters of {chosen}</p>}
    </>
  );
}

function Letters({ list: { account, reasons, letters, total, backlog } }: { list: LetterList }) {
  const now = useNow();
  return (
    <>
      {backlog > 0 && (
        <p>
          <Mark severity="warning" /> {plural(backlog, "report")} of servers that the collector has not dealt with yet
        </p>
      )}
      {total === 0 ? (
        <section class="card">
          <p>{account} has no dead letters.</p>
        </section>
      ) : (
        <>
          <section class="card" aria-labelledby="reasons">
            <h2 id="reasons">By reason</h2>
            <ul class="reasons">
              {reasons.map(({ reason, stream, durable, count: number, error, replay, drop }) => (
                <li key={`${reason} ${stream} ${durable}`}>
                  <p>
                    <b class="large">{count(number)}</b> <span class="tag warning">{reason}</span>{" "}
                    <a href={to.durable(account, stream, durable)}>
                      {stream}/{durable}
                    </a>{" "}
                    <span class="muted">
                      {reasonWords[reason]}
                      {error !== undefined && `${reason in reasonWords ? "; " : ""}the newest: ${error}`}
                    </span>
                  </p>
                  <p>
                    <Todo label="Send again once the cause is gone:" text={replay} />
                  </p>
                  <p>
                    <Todo label="Delete:" text={drop} />
                  </p>
                </li>
              ))}
            </ul>
          </section>
          <section class="card" aria-labelledby="letters">
            <h2 id="letters">
              {letters.length < total
                ? `The newest ${letters.length} of ${count(total)}`
                : plural(total, "dead letter")}
            </h2>
            <Table
              label="Dead letters"
              headings={["Message", "Reason", "Error", { number: "Deliveries" }, { number: "Given up" }]}
            >
              {letters.map((letter) => (
                <tr key={letter.id}>
                  <th scope="row">
                    <a href={to.letter(account, letter.id)}>{letter.id}</a>
                  </th>
                  <td>{letter.reason}</td>
                  <td class="wrap">{letter.error ?? "–"}</td>
                  <td class="number">{count(letter.deliveries)}</td>
                  <td class="number">{age(letter.givenUp, now)} ago</td>
                </tr>
              ))}
            </Table>
          </section>
        </>
      )}
    </>
  );
}

/** One letter, with its headers and body only once they are asked for: they are people's data. */
export function LetterView({ account, id }: { account: string; id: string }) {
  const [isAsked, setAsked] = useState(false);
  const path = `/api/dead-letters/${encodeURIComponent(account)}/${encodeURIComponent(id)}`;
  const { found, error } = useRead<WholeLetter>(isAsked ? path : undefined, id);
  const list = useRead<LetterList>(`/api/dead-letters/${encodeURIComponent(account)}`, id);
  const letter = found ?? list.found?.letters.find((one) => one.id === id);
  return (
    <>
      <Crumbs
        of={[
          ["Dead letters", to.letters],
          [account, to.tenantLetters(account)],
        ]}
      />
      <h1>{id}</h1>
      {letter && (
        <section class="card" aria-label="What became of it">
          <Facts
            facts={[
              ["Reason", <span class="tag warning">{letter.reason}</span>],
              ["Error", letter.error ?? "–"],
              ["Subject", <code>{letter.subject}</code>],
              [
                "Durable",
                <a href={to.durable(account, letter.stream, letter.durable)}>
                  {letter.stream}/{letter.durable}
                </a>,
              ],
              ["Deliveries", count(letter.deliveries)],
              ["Replayed", `${letter.replays} times`],
              ["Published", letter.published ?? "not known"],
              ["Given up", letter.givenUp],
              ["Size", bytes(letter.bytes)],
            ]}
          />
          {letter.replay ? (
            <Todo label="Send again once the cause is gone:" text={letter.replay} />
          ) : (
            <p>It cannot be replayed: {letter.unplayable}</p>
          )}
        </section>
      )}
      {error && (
        <p role="alert">
          <Mark severity="problem" /> {error}
        </p>
      )}
      {found ? (
        <section class="card" aria-labelledby="body">
          <h2 id="body">Headers and body</h2>
          {found.headers.length > 0 && (
            <Facts facts={found.headers.map(([name, value]) => [name, <code>{value}</code>])} />
          )}
          {found.missing ? (
            <p>The copy has no body: {found.missing}</p>
          ) : (
            <pre tabIndex={0} aria-label="Body">
              {found.body || "(empty)"}
            </pre>
          )}
          {found.isCut && <p class="muted">The rest is not shown.</p>}
        </section>
      ) : (
        <button class="more" onClick={() => setAsked(true)}>
          Show headers and body
        </button>
      )}
    </>
  );
}
