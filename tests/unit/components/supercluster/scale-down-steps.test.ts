import assert from "node:assert/strict";
import { nextScaleStep, type ScaleView } from "../../../../components/supercluster/scale-down-steps";

const pods = (count: number) => Array.from({ length: count }, (_, pod) => `iad-${pod}`);
const next = (change: Partial<ScaleView>) =>
  nextScaleStep({ isObserved: true, replicas: 5, pods: pods(5), ...change }, { statefulSet: "iad", servers: 3 });

describe("stopping the servers that a region no longer has", () => {
  it("stops the highest first, the next when that is gone, and none that stays", () => {
    assert.deepEqual(next({}), { do: "scale", pod: "iad-4", replicas: 4 });
    assert.deepEqual(next({ replicas: 4 }), { do: "wait", reason: "iad-4 is terminating" });
    assert.deepEqual(next({ replicas: 4, pods: pods(4) }), { do: "scale", pod: "iad-3", replicas: 3 });
    assert.deepEqual(next({ replicas: 3, pods: pods(4) }), { do: "wait", reason: "iad-3 is terminating" });
    assert.deepEqual(next({ replicas: 3, pods: pods(3) }), { do: "nothing" });
  });

  it("starts none", () => assert.deepEqual(next({ replicas: 1, pods: pods(1) }), { do: "nothing" }));

  it("waits until Kubernetes has seen the last change", () => assert.equal(next({ isObserved: false }).do, "wait"));

  it("refuses while streams are on the pod; one that does not answer was asked before", () => {
    assert.deepEqual(next({ streamsOnLast: 2 }), { do: "refuse", pod: "iad-4", streams: 2 });
    assert.equal(next({ streamsOnLast: 0 }).do, "scale");
    assert.equal(next({ streamsOnLast: undefined }).do, "scale");
  });
});
