import assert from "node:assert/strict";
import { InvalidInput } from "../../config/problems";
import { validateDeployment } from "../../config/rules/validate";
import { localEnvironment } from "./accounts";
import { clusters } from "./kubernetes";

/** A tenant with one of each, and nothing wrong. */
export const shop = () => ({
  name: "shop",
  home: "iad",
  streams: {
    ORDERS: stream(["orders.>"], { mirrors: { ams: { maxAge: "7d", maxBytes: "1GiB" } } }),
    JOBS: stream(["jobs.>"], { retention: "workqueue", storage: "memory", maxBytes: "64MiB" }),
  },
  consumers: {
    biller: pull(["ORDERS"], {
      filterSubjects: ["orders.paid.>", "orders.open.>"],
      maxDeliver: 5,
      backoff: ["1s", "5s"],
    }),
    mailer: push(["ORDERS"], { flowControl: true, idleHeartbeat: "5s" }),
    worker: pull(["JOBS"]),
  },
  users: {
    api: { publishes: ["orders.>", "jobs.>"], requests: ["prices.get"] },
    worker: { consumes: ["worker", "biller", "mailer"] },
  },
});

export const stream = (subjects: string[], change: object = {}) => ({
  subjects,
  retention: "limits",
  storage: "file",
  maxAge: "7d",
  maxBytes: "1GiB",
  discard: "old",
  replicas: 3,
  ...change,
});
const consumer = (streams: string[], change: object) => ({
  streams,
  ackPolicy: "explicit",
  deliverPolicy: "all",
  ...change,
});
export const pull = (streams: string[], change: object = {}) => consumer(streams, { mode: "pull", ...change });
const push = (streams: string[], change: object = {}) =>
  consumer(streams, { mode: "push", deliverSubject: "mail.out", ...change });

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- inputs of people have no type yet
export type Raw = any;

export const local = () => localEnvironment({ jetstream: { jetstream: ["shop"] } }) as Raw;
const { basePort: _, ...shared } = localEnvironment({ jetstream: { jetstream: ["shop"] }, servers: 1 });
export const kubernetes = () =>
  ({ ...shared, target: "kubernetes", domain: "nats.example.com", kubernetes: { clusters } }) as Raw;

/** The problems of one tenant and its environment after a change. */
export function problemsAfter(
  change: (tenant: Raw, environment: Raw, tenants: Raw) => void,
  environment = local(),
): string[] {
  const all: Raw = { shop: shop() };
  change(all.shop, environment, all);
  try {
    validateDeployment({ test: environment }, "test", all);
    return [];
  } catch (error) {
    assert.ok(error instanceof InvalidInput);
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

/** One broken rule each: what is wrong, how to get there, and the one problem that is reported (its beginning). */
export type Case = [string, (tenant: Raw, environment: Raw, tenants: Raw) => void, string];

/** Tests of these cases, which are at least as many as the rules. */
export function itFinds(cases: readonly Case[], rules: number): void {
  for (const [what, change, expected] of cases) {
    it(`find ${what}, and only that`, () => {
      const found = problemsAfter(change);
      assert.equal(found.length, 1, found.join("\n"));
      assert.ok(found[0]!.startsWith(expected), found[0]);
    });
  }
  it("are all tried here", () => assert.ok(cases.length >= rules, `${cases.length} cases for ${rules} rules`));
}
