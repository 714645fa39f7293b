import assert from "node:assert/strict";
import { workerRules } from "../../../../config/rules/worker";
import { type Case, itFinds, problemsAfter, type Raw } from "../../../support/rule-cases";

/** The tenant of each case has these. */
const withWorkers = (change: (workers: Raw, tenant: Raw) => void) => (tenant: Raw) => {
  tenant.workers = {
    biller: { replicas: 2, maximum: 6, grace: "5s", environment: { SMTP_HOST: "mail.example.com" } },
    mailer: { secrets: ["mail"] },
    api: { port: 3000, resources: { cpu: "200m", memory: "512MiB" } },
    "worker-of-all": { user: "worker", durables: ["worker", "biller"], regions: ["iad", "ams"] },
  };
  change(tenant.workers, tenant);
};
const at = "tenants.shop.workers";

const cases: Case[] = [
  [
    "a worker without a user",
    withWorkers((w) => (w.report = {})),
    `${at}.report: no user has this name or consumes a durable "report"; write user: one of api, worker, canary`,
  ],
  [
    "an unknown user",
    withWorkers((w) => (w.api.user = "wroker")),
    `${at}.api.user: "wroker" is not a user of shop; did you mean "worker"?`,
  ],
  [
    "an unknown durable",
    withWorkers((w) => (w["worker-of-all"].durables[1] = "bilker")),
    `${at}.worker-of-all.durables[1]: "bilker" is not a durable of shop; did you mean "biller"?`,
  ],
  [
    "a user that may not read its durable",
    withWorkers((w) => (w.biller.user = "api")),
    `${at}.biller: user "api" may not read durable "biller"; add it to tenants.shop.users.api.consumes`,
  ],
  [
    "an unknown region",
    withWorkers((w) => (w["worker-of-all"].regions[1] = "amd")),
    `${at}.worker-of-all.regions[1]: "amd" is not a region of the environment; did you mean "ams"?`,
  ],
  [
    "a region that is there twice",
    withWorkers((w) => w["worker-of-all"].regions.push("iad")),
    `${at}.worker-of-all.regions[2]: "iad" is there twice`,
  ],
  [
    "a maximum below the replicas",
    withWorkers((w) => (w.biller.maximum = 1)),
    `${at}.biller.maximum: 1 is less than replicas, 2`,
  ],
  [
    "a maximum of a worker that reads nothing",
    withWorkers((w) => (w.api.maximum = 3)),
    `${at}.api.maximum: has no effect without a durable`,
  ],
  [
    "two replicas of a push durable",
    withWorkers((w) => (w.mailer.replicas = 2)),
    `${at}.mailer: reads the push durable "mailer" with 2 replicas, and each would get every message`,
  ],
  [
    "a push durable in two regions",
    withWorkers((w) => (w.mailer.regions = ["iad", "ams"])),
    `${at}.mailer: reads the push durable "mailer" with 2 replicas`,
  ],
  [
    "a group of a push durable with heartbeats",
    withWorkers((_, t) => (t.consumers.mailer.deliverGroup = "mailers")),
    `${at}.mailer: reads the push durable "mailer", which has a deliverGroup with flowControl or idleHeartbeat`,
  ],
  [
    "more workers than messages that may be handled",
    withWorkers((_, t) => (t.consumers.biller.maxAckPending = 4)),
    `${at}.biller: has up to 6 replicas in all, but maxAckPending of durable "biller" lets 4 messages be handled`,
  ],
  [
    "a grace that kills a handler",
    withWorkers((w) => (w.biller.grace = "4s")),
    `${at}.biller.grace: "4s" is shorter than a durable waits for an acknowledgement (5s)`,
  ],
  [
    "a limit of CPU below the request",
    withWorkers((w) => (w.api.resources.cpuLimit = "100m")),
    `${at}.api.resources.cpuLimit: "100m" is less than cpu, "200m"`,
  ],
  ["the port of health", withWorkers((w) => (w.api.port = 8080)), `${at}.api.port: 8080 is the port of its health`],
  [
    "a name that no Deployment can have",
    withWorkers((w) => (w["api$2"] = { user: "api" })),
    `${at}["api$2"]: "api$2" cannot be the name of its Deployment`,
  ],
  [
    "two names that become one",
    withWorkers((w) => (w.API = { user: "api" })),
    `${at}.API: its Deployment would be called api, as that of "api"; rename one of them`,
  ],
];

describe("rules about workers", () => {
  itFinds(cases, workerRules.length);

  it("find nothing in workers that may run", () => assert.deepEqual(problemsAfter(withWorkers(() => undefined)), []));

  it("let a group without heartbeats and a durable without a limit be", () =>
    assert.deepEqual(
      problemsAfter(
        withWorkers((w, t) => {
          Object.assign(t.consumers.mailer, { deliverGroup: "mailers", flowControl: undefined });
          delete t.consumers.mailer.idleHeartbeat;
          t.consumers.biller.maxAckPending = "unlimited";
          w.biller.maximum = 5000;
        }),
      ),
      [],
    ));

  for (const [variable, message] of [
    ["NATS_URL", "is set by this program; leave it out"],
    ["HEALTH_PORT", "is set by this program; leave it out"],
    ["DATABASE_URL", "is a secret, and would be plain text here; name the Secret that has it in secrets"],
    ["TWILIO_AUTH_TOKEN", "is a secret"],
    ["PORT", "is set by this program; leave it out"],
    ["smtp_host", "write upper case letters, digits and _"],
  ] as const)
    it(`refuse ${variable} among the variables of a worker`, () => {
      const found = problemsAfter(withWorkers((w) => (w.biller.environment[variable] = "x")));
      assert.equal(found.length, 1, found.join("\n"));
      assert.ok(found[0]!.startsWith(`${at}.biller.environment.${variable}: ${message}`), found[0]);
    });

  it("refuse a password in a URL, and no URL without one", () => {
    const problems = (url: string) =>
      problemsAfter(withWorkers((w) => (w.biller.environment.SMTP_URL = url))).map((problem) => problem.split(",")[0]);
    assert.deepEqual(
      ["smtps://user:password@mail.example.com", "smtp://mail.example.com:587", "smtp://user@mail.example.com"].map(
        problems,
      ),
      [[`${at}.biller.environment.SMTP_URL: is a secret`], [], []],
    );
  });
});
