import type { ComponentChildren } from "preact";
import type { DurableView, Picture, WorkerView } from "../picture.ts";
import { Chart, Spark, useLines } from "./lines.tsx";
import { Crumbs, Facts, Mark, Missing, Problems, RowMark, Table, Todo, withFollowing } from "./parts.tsx";
import { to } from "./route.ts";
import { count, perSecond, rate } from "./words.ts";

const keyOf = ({ account, name, region }: Pick<WorkerView, "account" | "name" | "region">): string =>
  `${account}/${name}/${region}`;

const durablesOf = ({ account, durables }: WorkerView, picture: Picture): DurableView[] =>
  durables.flatMap((name) => picture.durables[`${account}/${name}`] ?? []);

const total = (durables: DurableView[], of: "pending" | "ackPending"): string =>
  durables.length === 0 ? "–" : count(durables.reduce((sum, one) => sum + (one[of] ?? 0), 0));

const stateOf = ({ isReady, reason, pods }: WorkerView): string =>
  `${isReady ? "ready" : reason}${pods ? ` (${pods.ready} of ${pods.all} pods)` : ""}`;

/** What takes messages out of streams: by region, those that are not ready first. */
export function WorkersView({ picture }: { picture: Picture }) {
  const { head } = picture;
  const workers = head.workers.toSorted(
    (one, other) => Number(one.isReady) - Number(other.isReady) || keyOf(one).localeCompare(keyOf(other)),
  );
  const lines = useLines(workers.map((worker) => `worker:${keyOf(worker)}`));
  return (
    <>
      <h1>Workers</h1>
      {workers.length === 0 ? (
        <section class="card">
          <p>
            No workers were deployed with this environment. The durables are read by programs that it does not know.
          </p>
          <Todo text="npm start -- --with-workers" />
        </section>
      ) : (
        <section class="card" aria-label="Workers">
          <Table
            label="Workers"
            headings={[
              "Worker",
              "Region",
              "State",
              { number: "Msg/s" },
              "Last hour",
              { number: "Processed" },
              { number: "Failed" },
              { number: "In hand" },
              { number: "Waiting" },
            ]}
          >
            {workers.map((worker) => {
              const own = durablesOf(worker, picture);
              return (
                <tr key={keyOf(worker)}>
                  <th scope="row">
                    <Mark severity={worker.isReady ? undefined : "problem"} />{" "}
                    <a href={to.worker(worker)}>
                      <span class="muted">{worker.account}/</span>
                      {worker.name}
                    </a>
                  </th>
                  <td>{worker.region}</td>
                  <td>{stateOf(worker)}</td>
                  <td class="number">{perSecond(worker.rate)}</td>
                  <td>
                    <Spark line={lines[`worker:${keyOf(worker)}`]?.values.rate} label="Messages a second, last hour" />
                  </td>
                  <td class="number">{count(worker.processed)}</td>
                  <td class="number">{count(worker.errored)}</td>
                  <td class="number">{total(own, "ackPending")}</td>
                  <td class="number">{total(own, "pending")}</td>
                </tr>
              );
            })}
          </Table>
        </section>
      )}
    </>
  );
}

/** One worker in one region, with what waits for it. */
export function WorkerPage({ picture, ...of }: { account: string; name: string; region: string; picture: Picture }) {
  const { account, name, region } = of;
  const lines = useLines([`worker:${keyOf(of)}`])[`worker:${keyOf(of)}`];
  const worker = picture.head.workers.find((one) => keyOf(one) === keyOf(of));
  if (!worker) return <Missing what={`Worker ${account}/${name} in ${region}`} />;
  const durables = durablesOf(worker, picture);
  const problems = withFollowing(picture.head.problems, ({ what }) => what === `workers ${account}`);
  return (
    <>
      <Crumbs of={[["Workers", to.workers]]} />
      <h1>
        <Mark severity={worker.isReady ? undefined : "problem"} /> <span class="muted">{account}/</span>
        {name}
      </h1>
      {!worker.isReady && problems.length > 0 && <Problems problems={problems} label="Problems" />}
      <section class="card" aria-label="Now">
        <Facts
          facts={[
            ["State", stateOf(worker)],
            ["Region", <a href={to.region(region)}>{region}</a>],
            ["Waiting", total(durables, "pending")],
            ["In hand", total(durables, "ackPending")],
            ["Processes", rate(worker.rate)],
            ["Processed since it started", count(worker.processed)],
            ["Failed since it started", count(worker.errored)],
            ...(worker.url === undefined ? [] : [["Serves", <code>{worker.url}</code>] as [string, ComponentChildren]]),
          ]}
        />
      </section>
      <section class="charts" aria-label="Last hour">
        <Chart lines={lines} measure="rate" label="Messages a second" format={perSecond} />
      </section>
      <section class="card" aria-labelledby="reads">
        <h2 id="reads">Durables that it reads</h2>
        {durables.length === 0 ? (
          <p class="muted">None that is known.</p>
        ) : (
          <Table
            label="Durables"
            headings={["Durable", { number: "Waiting" }, { number: "In hand" }, { number: "Again" }]}
          >
            {durables.map((durable) => (
              <tr key={`${durable.stream}/${durable.name}`}>
                <th scope="row">
                  <RowMark row={durable} />{" "}
                  <a href={to.durable(account, durable.stream, durable.name)}>
                    {durable.stream}/{durable.name}
                  </a>
                </th>
                <td class="number">{count(durable.pending)}</td>
                <td class="number">{count(durable.ackPending)}</td>
                <td class="number">{count(durable.redelivered)}</td>
              </tr>
            ))}
          </Table>
        )}
      </section>
    </>
  );
}
