import assert from "node:assert/strict";
import type { CoreV1Event, V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import {
  adviceOn,
  creationProblem,
  type Problem,
  ProblemClock,
  problemOf,
} from "../../../../components/supercluster/pod-problems";

const now = Date.parse("2026-01-01T00:10:00Z");
const at = (minute: number) => new Date(Date.parse("2026-01-01T00:00:00Z") + minute * 60_000);
const pod = (status: V1Pod["status"] = {}, metadata: V1Pod["metadata"] = {}): V1Pod => ({
  metadata: { name: "iad-2", uid: "new", ...metadata },
  spec: { nodeName: "node-b", containers: [] },
  status,
});
const event = (change: Partial<CoreV1Event>): CoreV1Event => ({
  metadata: {},
  type: "Warning",
  involvedObject: { uid: "new" },
  lastTimestamp: at(5),
  ...change,
});
const container = (change: Partial<V1ContainerStatus>): V1ContainerStatus => ({
  name: "nats",
  image: "nats:x",
  imageID: "",
  ready: false,
  restartCount: 0,
  ...change,
});
const found = (status: V1Pod["status"], events: CoreV1Event[] = []) => {
  const { kind, text } = problemOf(pod(status), events, now) ?? {};
  return kind && `${kind}: ${text}`;
};

describe("what keeps a pod from being ready", () => {
  it("is nothing while it starts and nothing is reported", () => {
    assert.equal(found({}), undefined);
    const creating = { state: { waiting: { reason: "ContainerCreating" } } };
    assert.equal(found({ containerStatuses: [container(creating)] }), undefined);
    assert.equal(found({ containerStatuses: [container({ state: { running: {} } })] }), undefined);
  });

  for (const [reason, kind] of [
    ["ErrImagePull", "image"],
    ["ImagePullBackOff", "image"],
    ["InvalidImageName", "imageName"],
    ["CreateContainerConfigError", "container"],
  ] as const)
    it(`is ${reason}, also of an init container`, () => {
      const waiting = [container({ state: { waiting: { reason, message: "no such\n thing" } } })];
      for (const status of [{ containerStatuses: waiting }, { initContainerStatuses: waiting }])
        assert.match(found(status)!, new RegExp(`^${kind}: .*container nats: ${reason}, no such thing$`));
    });

  it("is a container that ended, also while it runs again between two attempts", () => {
    const lastState = { terminated: { exitCode: 1, reason: "Error", message: "wrong key" } };
    const running = container({ state: { running: {} }, lastState });
    assert.equal(
      found({ containerStatuses: [running] }),
      "crash: container nats exited with Error, exit code 1: wrong key",
    );
    assert.equal(found({ containerStatuses: [{ ...running, ready: true }] }), undefined);
    const done = container({ state: { terminated: { exitCode: 0, finishedAt: at(1) } }, lastState });
    assert.equal(found({ initContainerStatuses: [done] }), undefined, "an init container that passed in the end");
    const ended = container({ state: { terminated: { exitCode: 1, reason: "Error" } } });
    assert.equal(found({ initContainerStatuses: [ended] }), "crash: container nats exited with Error, exit code 1");
  });

  it("is the scheduler's reason", () => {
    const message = "0/3 nodes are available: 3 Insufficient memory.";
    const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }];
    assert.equal(found({ conditions }), `unschedulable: Pending, Unschedulable: ${message}`);
  });

  it("is the newest warning of its own, not of an earlier pod of its name", () => {
    const events = [
      event({ reason: "Unhealthy", message: "Startup probe failed: old", lastTimestamp: at(1) }),
      event({ reason: "Unhealthy", message: "Startup probe failed: new", lastTimestamp: at(2) }),
      event({ reason: "FailedMount", message: "of another", involvedObject: { uid: "old" } }),
      event({ reason: "Pulled", type: "Normal" }),
    ];
    assert.equal(found({}, events), "probe: Unhealthy: Startup probe failed: new");
    const mount = event({ reason: "FailedMount", message: "no volume", lastTimestamp: at(0) });
    assert.equal(found({}, [...events, mount]), "mount: FailedMount: no volume", "no container has started");
  });

  it("is not what was over since: events stay for an hour", () => {
    const events = [
      event({ reason: "FailedScheduling", message: "0/3 nodes are available" }),
      event({ reason: "FailedMount", message: "no volume" }),
    ];
    const scheduled = { conditions: [{ type: "PodScheduled", status: "True" }] };
    assert.equal(found({ ...scheduled }, [events[0]!]), undefined, "it has a node");
    const started = { ...scheduled, containerStatuses: [container({ state: { running: {} } })] };
    assert.equal(found(started, events), undefined, "it has its volumes");
    assert.match(found(started, [...events, event({ reason: "Unhealthy", message: "HTTP 503" })])!, /^probe: /);
  });

  it("is a node that does not report its end, a minute after it was due", () => {
    const ending = (minute: number) => problemOf(pod({}, { deletionTimestamp: at(minute) }), [], now);
    assert.equal(ending(9.5), undefined);
    assert.deepEqual(ending(8), {
      subject: "iad-2",
      kind: "lost",
      text: "it should have terminated by now, but node node-b has not confirmed it",
    });
  });

  it("is a quota, where the StatefulSet may not create it; not one that was raised meanwhile", () => {
    const refused = event({ reason: "FailedCreate", message: "pods forbidden: exceeded quota: small" });
    const name = { name: "iad", uid: "new" };
    assert.deepEqual(creationProblem(name, true, [refused]), {
      subject: "iad",
      kind: "quota",
      text: "FailedCreate: pods forbidden: exceeded quota: small",
    });
    assert.equal(creationProblem(name, false, [refused]), undefined);
    const created = event({ reason: "SuccessfulCreate", type: "Normal", lastTimestamp: at(6) });
    assert.equal(creationProblem(name, true, [refused, created]), undefined);
  });
});

describe("how long a problem may last", () => {
  const image: Problem = { subject: "iad-2", kind: "image", text: "ErrImagePull" };
  const probe: Problem = { subject: "iad-2", kind: "probe", text: "Unhealthy" };

  it("is a minute for an image, whichever words Kubernetes has for it, and starts again when it was gone", () => {
    const clock = new ProblemClock();
    assert.equal(clock.look([image], 0), undefined);
    const backOff = { ...image, text: "ImagePullBackOff" };
    assert.equal(clock.look([backOff], 59_000), undefined);
    assert.deepEqual(clock.look([backOff], 60_000), { problem: backOff, lastedMs: 60_000 });
    assert.equal(clock.look([], 61_000), undefined);
    assert.equal(clock.look([image], 62_000), undefined);
    assert.equal(clock.look([{ ...image, subject: "iad-1" }], 125_000), undefined);
  });

  it("is without an end for a container that runs again; its next exit counts from the first", () => {
    const lastState = { terminated: { exitCode: 137, reason: "OOMKilled" } };
    const seen = (state: V1ContainerStatus["state"]) =>
      problemOf(pod({ containerStatuses: [container({ state, lastState })] }), [], now)!;
    const clock = new ProblemClock();
    const running = seen({ running: {} });
    assert.equal(clock.look([running], 0), undefined);
    assert.equal(clock.look([running], 3_600_000), undefined, "it takes long to be ready");
    const backOff = seen({ waiting: { reason: "CrashLoopBackOff" } });
    assert.deepEqual(clock.look([backOff], 3_601_000), { problem: backOff, lastedMs: 3_601_000 });
  });

  it("is without an end for what can heal", () => {
    const clock = new ProblemClock();
    clock.look([probe], 0);
    assert.equal(clock.look([probe], 3_600_000), undefined);
  });

  it("comes with what to do", () => assert.match(adviceOn(image), /kubernetes\.images/));
});
