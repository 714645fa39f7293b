import assert from "node:assert/strict";
import * as fc from "fast-check";
import { nextRolloutStep, type PodView, type RegionView } from "../../../../components/supercluster/rollout-steps";

const pod = (index: number, change: Partial<PodView> = {}): PodView => ({
  name: `iad-${index}`,
  revision: "new",
  isReady: true,
  isTerminating: false,
  ...change,
});
const region = (pods: PodView[], change: Partial<RegionView> = {}): RegionView => ({
  isObserved: true,
  replicas: 3,
  revision: "new",
  pods,
  problems: [],
  ...change,
});
const outdated = { revision: "old" };

describe("a rolling restart", () => {
  it("has nothing to do when all pods are as wanted, ready and current", () =>
    assert.deepEqual(nextRolloutStep(region([pod(0), pod(1), pod(2)]), true), { do: "nothing" }));

  const waits: [string, RegionView, string][] = [
    [
      "Kubernetes to see the change",
      region([pod(0, outdated)], { isObserved: false }),
      "Kubernetes has not processed the change yet",
    ],
    [
      "a pod that is ending",
      region([pod(0), pod(1, { isTerminating: true }), pod(2, outdated)]),
      "iad-1 is terminating",
    ],
    ["a pod that is not there yet", region([pod(0), pod(2, outdated)]), "2 of 3 pods exist"],
    ["a pod that is not ready", region([pod(0, outdated), pod(1, { isReady: false }), pod(2)]), "iad-1 is not ready"],
    [
      "a server that is not current",
      region([pod(0, outdated), pod(1), pod(2, { behind: "stream A is not current" })]),
      "iad-2 is not current: stream A is not current",
    ],
  ];
  for (const [what, view, reason] of waits)
    it(`waits for ${what}`, () => assert.deepEqual(nextRolloutStep(view, true), { do: "wait", reason }));

  it("does not wait for JetStream where there was no meta leader: regions may be coming up one after another", () => {
    assert.deepEqual(nextRolloutStep(region([pod(0), pod(1), pod(2, { behind: "no meta leader" })]), false), {
      do: "nothing",
    });
  });

  it("replaces the highest number first and the meta leader last", () => {
    const view = region([pod(0, outdated), pod(1, outdated), pod(2, outdated)], { leader: "iad-2" });
    assert.deepEqual(nextRolloutStep(view, true), { do: "replace", pod: "iad-1", reason: "it is outdated" });
    assert.deepEqual(nextRolloutStep({ ...view, pods: [pod(0), pod(1), pod(2, outdated)] }, true), {
      do: "replace",
      pod: "iad-2",
      reason: "it is outdated",
    });
  });

  it("replaces an outdated pod that does not become ready before anything else", () => {
    const view = region([pod(0, outdated), pod(1, { ...outdated, isReady: false }), pod(2, { behind: "no quorum" })]);
    assert.deepEqual(nextRolloutStep(view, true), {
      do: "replace",
      pod: "iad-1",
      reason: "it is outdated, and not ready",
    });
  });

  it("replaces a server that gives more to JetStream than it should, which its revision does not show", () => {
    const view = region([pod(0), pod(1, { isOversized: true }), pod(2)]);
    assert.deepEqual(nextRolloutStep(view, true), { do: "replace", pod: "iad-1", reason: "it is outdated" });
  });

  it("is complete when every server has loaded the files that change without a new revision", () => {
    const view = (...pods: PodView[]) => nextRolloutStep(region(pods), true);
    const step = view(pod(0), pod(1, { notLoaded: "accounts file" }), pod(2));
    assert.ok(step.do === "wait");
    assert.match(step.reason, /^iad-1 has not loaded the current accounts file; the logs of its containers reloader/);
    assert.deepEqual(view(pod(0, { notLoaded: "certificates" }), pod(1), pod(2, outdated)), {
      do: "replace",
      pod: "iad-2",
      reason: "it is outdated",
    });
  });

  it("comes to its end from anywhere, and never takes down a second ready server", () => {
    const anyPod = fc.record({ isNew: fc.boolean(), isReady: fc.boolean(), isLate: fc.boolean() });
    fc.assert(
      fc.property(fc.array(anyPod, { minLength: 3, maxLength: 3 }), fc.option(fc.nat(2)), (states, leader) => {
        let pods = states.map(({ isNew, isReady, isLate }, index) =>
          pod(index, { revision: isNew ? "new" : "old", isReady, behind: isLate ? "late" : undefined }),
        );
        for (let step = 0; step < 20; step++) {
          const next = nextRolloutStep(region(pods, { leader: leader === null ? undefined : `iad-${leader}` }), true);
          if (next.do === "nothing") return;
          if (next.do === "replace") {
            const victim = pods.find(({ name }) => name === next.pod)!;
            assert.ok(
              !victim.isReady || pods.every(({ isReady, behind }) => isReady && behind === undefined),
              "others were ready and current",
            );
            pods = pods.map((one) => (one === victim ? { ...one, revision: "new", isReady: false } : one));
          } else {
            // What is waited for comes true.
            pods = pods.map((one) => ({ ...one, isReady: one.revision === "new" || one.isReady, behind: undefined }));
          }
        }
        assert.fail(`no end: ${JSON.stringify(pods)}`);
      }),
    );
  });
});
