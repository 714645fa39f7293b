import type { Picture, WorkerView } from "../picture.ts";
import { Spark, useLines } from "./lines.tsx";
import { Mark, Table, Todo } from "./parts.tsx";
import { to } from "./route.ts";
import { count, perSecond } from "./words.ts";

/** What takes messages out of streams: by region, those that are not ready first. */
export function WorkersView({ picture: { head, durables } }: { picture: Picture }) {
  const key = ({ account, name, region }: (typeof head.workers)[number]) => `${account}/${name}/${region}`;
  const tenants = new Set(head.tenants.map(({ name }) => name));
  const workers = head.workers.toSorted(
    (one, other) => Number(one.isReady) - Number(other.isReady) || key(one).localeCompare(key(other)),
  );
  const lines = useLines(workers.map((worker) => `worker:${key(worker)}`));
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
              const own = worker.durables.flatMap((name) => durables[`${worker.account}/${name}`] ?? []);
              const total = (of: "pending" | "ackPending") => own.reduce((sum, one) => sum + (one[of] ?? 0), 0);
              return (
                <tr key={key(worker)}>
                  <th scope="row">
                    <Mark severity={worker.isReady ? undefined : "problem"} />{" "}
                    <WorkerName worker={worker} isOfTenant={tenants.has(worker.account)} />
                  </th>
                  <td>{worker.region}</td>
                  <td>
                    {worker.isReady ? "ready" : worker.reason}
                    {worker.pods && ` (${worker.pods.ready} of ${worker.pods.all} pods)`}
                  </td>
                  <td class="number">{perSecond(worker.rate)}</td>
                  <td>
                    <Spark line={lines[`worker:${key(worker)}`]?.values.rate} label="Messages a second, last hour" />
                  </td>
                  <td class="number">{count(worker.processed)}</td>
                  <td class="number">{count(worker.errored)}</td>
                  <td class="number">{own.length === 0 ? "–" : count(total("ackPending"))}</td>
                  <td class="number">{own.length === 0 ? "–" : count(total("pending"))}</td>
                </tr>
              );
            })}
          </Table>
        </section>
      )}
    </>
  );
}

/** The auth callout's service is of no tenant. */
function WorkerName({ worker: { account, name }, isOfTenant }: { worker: WorkerView; isOfTenant: boolean }) {
  const text = (
    <>
      <span class="muted">{account}/</span>
      {name}
    </>
  );
  return isOfTenant ? <a href={to.tenantDurables(account)}>{text}</a> : text;
}
