import assert from "node:assert/strict";
import { countsOf } from "../../../../cli/render/migration";
import type { MigrationState } from "../../../../operations/migrate/observe";

describe("what a migration shows", () => {
  const stream = (name: string, retention: string) => ({
    config: { name, retention },
    state: { messages: 3, bytes: 300, first_seq: 1, last_seq: 3 },
  });
  const durable = (name: string, config = {}) => ({ name, config: { durable_name: name, ...config }, num_pending: 2 });

  it("are the streams that there are, and durables but not the copiers of servers", () => {
    const state = {
      home: stream("JOBS", "workqueue"),
      consumers: [durable("worker"), durable("", { direct: true, durable_name: undefined })],
    } as unknown as MigrationState;
    const text = countsOf(state).replace(/ +/g, " ");
    assert.match(text, /JOBS workqueue 3 300 1 3/);
    assert.match(text, /worker 2 0 0/);
    assert.equal(text.split("\n").filter((line) => /^\S/.test(line)).length, 4, "two tables of one row");
  });

  it("is said where there is nothing", () => assert.equal(countsOf({ consumers: [] }), "no stream"));
});
