import assert from "node:assert/strict";
import { backupFindings, objectFindings, planFindings, unknown } from "../../../../operations/doctor/findings";
import { worstFirst } from "../../../../operations/supercluster/causes";
import type { EnvironmentPlan } from "../../../../operations/plan/plan";
import type { Row } from "../../../../operations/plan/rows";
import type { Manifest } from "../../../../workers/backup/manifest";
import { localEnvironment } from "../../../support/accounts";
import { kubernetesEnvironment } from "../../../support/kubernetes";

const now = Date.parse("2026-03-10T12:00:00Z");
const hoursAgo = (hours: number) => new Date(now - hours * 3_600_000);

const manifest = (hours: number, change: Partial<Manifest> = {}): Manifest => ({
  format: 1,
  ...{ environment: "production", id: "20260310T000000Z", entries: [], left: [] },
  ...{ begun: hoursAgo(hours).toISOString(), finished: hoursAgo(hours).toISOString() },
  keys: { name: "keys.age", bytes: 1, sha256: "00", isSealed: true },
  ...change,
});

const row = (change: Partial<Row>): Row => ({
  ...{ id: "irisx/SMS", what: "stream", class: "in place", fields: [], costs: [], reasons: [], notes: [] },
  ...change,
});
const plan = (changes: Row[], change: Partial<EnvironmentPlan> = {}): EnvironmentPlan => ({
  ...{ regions: [], restarts: [], undeclared: {} },
  stacks: [{ stack: "jetstream", changes, failures: [], warnings: [], isPartial: false }],
  verdict: {} as EnvironmentPlan["verdict"],
  ...change,
});

const severities = (found: { severity: string; what: string }[]) =>
  found.map(({ severity, what }) => `${severity} ${what}`);

describe("doctor, about backups", () => {
  const place = "s3://backups";
  const about = { name: "production", environment: kubernetesEnvironment(), place, now };

  it("has nothing to say of a young one with keys that was restored", () => {
    assert.deepEqual(backupFindings({ last: manifest(25), verified: { id: "x", at: hoursAgo(7 * 24) } }, about), []);
  });

  it("says how old it is, that it has no keys, and that none was restored, each with what to do", () => {
    const found = backupFindings({ last: manifest(27, { keys: undefined }) }, about);
    assert.deepEqual(
      found.map(({ severity }) => severity),
      ["problem", "problem", "warning"],
    );
    assert.match(found[0]!.detail, /began .* ago/);
    assert.match(found[1]!.detail, /no keys/);
    assert.match(found[2]!.todo, /verify-backup .*--env production.* --from s3:\/\/backups/);
    for (const { todo } of found) assert.ok(todo);
  });

  it("names keys that were changed since they were copied: a rebuild would bring the old ones back", () => {
    const last = manifest(1, { keysTaken: hoursAgo(30).toISOString() });
    const verified = { id: "x", at: hoursAgo(1) };
    const found = (hours: number) => backupFindings({ last, verified }, { ...about, keysChanged: hoursAgo(hours) });
    assert.deepEqual(found(31), []);
    assert.deepEqual(severities(found(29)), ["problem s3://backups"]);
    assert.match(found(29)[0]!.detail, /changed 29 h ago and copied 30 h ago: a rebuild would bring the old ones back/);
    assert.match(found(29)[0]!.todo, /^npm run backup -- --all --env production --to s3:\/\/backups --recipient/);
    const unnoted = { last: manifest(1), verified };
    assert.deepEqual(
      backupFindings(unnoted, { ...about, keysChanged: hoursAgo(0) }),
      [],
      "an older backup does not say",
    );
  });

  it("takes the thresholds of the environment's alerts", () => {
    const environment = kubernetesEnvironment({ alerts: { NATSBackupTooOld: { threshold: 50 } } });
    const verified = { id: "x", at: hoursAgo(9 * 24) };
    assert.deepEqual(severities(backupFindings({ last: manifest(49), verified }, { ...about, environment })), [
      "warning s3://backups",
    ]);
  });

  it("has a problem without any, a warning without a place, and nothing to say of a local environment", () => {
    assert.deepEqual(severities(backupFindings({}, about)), ["problem s3://backups"]);
    const nowhere = { ...about, place: undefined };
    assert.deepEqual(severities(backupFindings(undefined, nowhere)), ["warning backups"]);
    assert.deepEqual(backupFindings(undefined, { ...nowhere, environment: localEnvironment() }), []);
  });
});

describe("doctor, about state and servers", () => {
  it("has a warning of what a deployment would change, and a problem of what it would refuse or destroy", () => {
    const rows = [row({}), row({ class: "delete" }), row({ class: "refused", reasons: ["it holds 5 messages"] })];
    const found = planFindings(plan(rows), "production");
    assert.deepEqual(
      found.map(({ severity }) => severity),
      ["warning", "problem", "problem"],
    );
    assert.match(found[2]!.detail, /it holds 5 messages/);
    assert.match(found[0]!.todo, /plan .*production/);
  });

  it("has a problem of what is not known, of a preview that failed, and of a region that would be refused", () => {
    const found = planFindings(
      plan([row({ unknown: "no server answered" })], {
        regions: [{ region: "iad", staying: ["iad-0"], leaving: ["iad-2"], refusal: "iad-2 holds SMS" }],
        undeclared: { irisx: ["OLD"] },
      }),
      "production",
    );
    assert.deepEqual(severities(found), ["problem iad", "problem stream irisx/SMS", "warning account irisx"]);
  });
});

describe("doctor", () => {
  it("has a problem of objects that differ, a warning of those that were not looked at", () => {
    const check = (result: "ok" | "failed" | "skipped") => ({ name: `objects ${result}`, result, detail: "d" });
    assert.deepEqual(severities(objectFindings([check("skipped"), check("ok"), check("failed")], "production")), [
      "warning objects skipped",
      "problem objects failed",
    ]);
  });

  it("puts problems first, and what could not be read among them", () => {
    const [warning] = backupFindings(undefined, { name: "p", environment: kubernetesEnvironment(), now });
    const found = worstFirst([warning!, unknown("servers", new Error("no region answers\nat"), "production")]);
    assert.deepEqual(
      found.map(({ part }) => part),
      ["servers", "backups"],
    );
    assert.equal(found[0]!.detail, "could not be read: no region answers");
  });
});
