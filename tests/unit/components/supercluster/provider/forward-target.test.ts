import assert from "node:assert/strict";
import { forwardTarget } from "../../../../../components/supercluster/provider/forward-target";

const pod = (name: string, change: { isReady?: boolean; isTerminating?: boolean } = {}) => ({
  name,
  revision: "1",
  isReady: true,
  isTerminating: false,
  ...change,
});
const targets = (pods: ReturnType<typeof pod>[], connections: number) =>
  Array.from({ length: connections }, (_, turn) => forwardTarget(pods, turn)?.name);

describe("target of a forwarded connection", () => {
  it("is each ready pod by turns", () => {
    const pods = [pod("iad-0"), pod("iad-1"), pod("iad-2")];
    assert.deepEqual(targets(pods, 5), ["iad-0", "iad-1", "iad-2", "iad-0", "iad-1"]);
  });

  it("is no pod that is not ready, or that is terminating", () => {
    const pods = [pod("iad-0", { isReady: false }), pod("iad-1"), pod("iad-2", { isTerminating: true })];
    assert.deepEqual(targets(pods, 2), ["iad-1", "iad-1"]);
  });

  it("is none where no pod is ready", () => {
    assert.deepEqual(targets([], 1), [undefined]);
    assert.deepEqual(targets([pod("iad-0", { isReady: false })], 2), [undefined, undefined]);
  });
});
