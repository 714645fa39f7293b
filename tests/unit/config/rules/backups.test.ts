import assert from "node:assert/strict";
import { backupRules } from "../../../../config/rules/backups";
import { kubernetes, problemsAfter, type Raw } from "../../../support/rule-cases";

const recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
const at = "environments.test.kubernetes.backups";
const account = "123456789012";

/** The problems of an environment that makes backups. */
const problemsOf = (change: (backups: Raw, environment: Raw, tenant: Raw) => void): string[] =>
  problemsAfter((tenant, environment) => {
    const backups = { region: "iad", to: "s3://backups/nats", secrets: ["s3"], recipients: [recipient] };
    const workers = { image: { repository: "example/workers", tag: "1.4.0" } };
    environment.kubernetes = { ...environment.kubernetes, workers, backups };
    environment.servers = 3;
    change(environment.kubernetes.backups, environment, tenant);
  }, kubernetes());

const cases: [string, (backups: Raw, environment: Raw, tenant: Raw) => void, string][] = [
  ["no image to run", (_, environment) => delete environment.kubernetes.workers, `${at}: needs kubernetes.workers`],
  [
    "a region that is not of the environment",
    (backups) => (backups.region = "iat"),
    `${at}.region: "iat" is not a region of the environment; did you mean "iad"?`,
  ],
  ["no place", (backups) => delete backups.to, `${at}.to: is missing, and aws.regions.iad makes no bucket`],
  ["no login", (backups) => delete backups.secrets, `${at}.secrets: has no login of S3, and no role can be given`],
  [
    "an endpoint beside a bucket of AWS",
    (backups, environment) => {
      delete backups.to;
      backups.endpoint = "https://s3.example.com";
      environment.aws = { regions: { iad: { region: "us-east-1", account, backups: {} } } };
    },
    `${at}.endpoint: has no effect on a bucket of AWS`,
  ],
  [
    "a rate at which servers end snapshots",
    (backups) => (backups.rate = "100KiB"),
    `${at}.rate: "100KiB" is so slow that servers end a snapshot; write 256KiB or more`,
  ],
  [
    "a user of the name",
    (_, __, tenant) => (tenant.users.backup = { publishes: ["orders.>"] }),
    "tenants.shop.users.backup: is the name of a user that this program makes",
  ],
  [
    "a namespace of the jobs that is the servers'",
    (_, environment) => {
      environment.kubernetes.namespace = "backup";
      environment.kubernetes.workers.namespace = "<tenant>";
    },
    'environments.test.kubernetes.workers.namespace: "<tenant>" gives the same namespace twice in one cluster (backup)',
  ],
];

describe("rules about backups on a schedule", () => {
  it("find nothing wrong with a place of one's own, or with the region's bucket and its cluster's role", () => {
    assert.deepEqual(
      problemsOf(() => 0),
      [],
    );
    const onAws = (backups: Raw, environment: Raw) => {
      delete backups.to;
      delete backups.secrets;
      environment.aws = {
        regions: { iad: { region: "us-east-1", account, backups: {}, cluster: { name: "nats-iad" } } },
      };
      const { iad: _, ...clusters } = environment.kubernetes.clusters;
      environment.kubernetes.clusters = clusters;
    };
    assert.deepEqual(problemsOf(onAws), []);
  });

  for (const [what, change, expected] of cases)
    it(`find ${what}, and only that`, () => {
      const found = problemsOf(change);
      assert.equal(found.length, 1, found.join("\n"));
      assert.ok(found[0]!.startsWith(expected), found[0]);
    });
  it("are all tried here", () => assert.ok(cases.length > backupRules.length));

  it("report every value of the wrong form at once", () => {
    const found = problemsOf((backups) =>
      Object.assign(backups, {
        to: "bucket",
        endpoint: "http://s3.example.com",
        recipients: ["age1tooshort"],
        schedule: "17 25 * * *",
        timeZone: "in Berlin",
        deadline: "6 hours",
        keep: 0,
        verify: { keySecret: "Key", schedule: "daily" },
      }),
    );
    const named = ["to", "endpoint", "recipients[0]", "schedule", "timeZone", "deadline", "keep"];
    for (const field of [...named, "verify.keySecret", "verify.schedule"])
      assert.ok(
        found.some((line) => line.startsWith(`${at}.${field}: `)),
        `${field} in\n${found.join("\n")}`,
      );
  });

  for (const schedule of ["*/15 * * * *", "0 2,14 * * 1-5", "5 0 1 */3 0"])
    it(`take the schedule ${schedule}`, () => {
      const found = problemsOf((backups) => (backups.schedule = schedule));
      assert.deepEqual(found, []);
    });
  for (const schedule of ["0 2 * *", "60 2 * * *", "0 2 0 * *", "0 5-2 * * *", "0 2 * * */0", "@daily", "0 2 * * MON"])
    it(`refuse the schedule ${schedule}`, () => {
      const [found] = problemsOf((backups) => (backups.schedule = schedule));
      assert.match(found!, /is not a schedule; write minute, hour/);
    });
});
