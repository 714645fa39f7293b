import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  type ClaimView,
  nextVolumeStep,
  volumeRefusals,
  type VolumesView,
} from "../../../../components/storage/volume-steps";
import { toBytes } from "../../../../config/units";

const [small, large] = [toBytes("100GiB"), toBytes("200GiB")];
const wanted = { size: large, storageClass: "gp3", cluster: { context: "nats-iad" } };
const claim = (server: number, change: Partial<ClaimView> = {}): ClaimView => ({
  name: `nats-js-iad-${server}`,
  requested: large,
  capacity: large,
  storageClass: "gp3",
  canGrow: true,
  isMounted: true,
  ...change,
});
const view = (claims: ClaimView[], claimSize = large): VolumesView => ({
  claims,
  statefulSet: { claimSize, isEnding: false },
});
const outgrown = { requested: small, capacity: small };

describe("growing volumes", () => {
  it(
    "has nothing to do where all have their size, where the StatefulSet is gone, " + "and where nothing is there yet",
    () => {
      for (const there of [view([claim(0), claim(1)]), { claims: [claim(0)] }, { claims: [] }])
        assert.deepEqual(nextVolumeStep(there, wanted), { do: "nothing" });
    },
  );

  const steps: [string, VolumesView, ReturnType<typeof nextVolumeStep>][] = [
    [
      "every claim asks first",
      view([claim(0, { capacity: small }), claim(1, outgrown)], small),
      { do: "grow", claim: "nats-js-iad-1", from: small },
    ],
    [
      "then every volume has to come",
      view([claim(0), claim(1, { capacity: small, said: "Resizing" })], small),
      { do: "wait", reason: "nats-js-iad-1 has 100GiB of 200GiB (Resizing)" },
    ],
    ["then the StatefulSet is recreated", view([claim(0), claim(1)], small), { do: "recreate" }],
    [
      "one that is being deleted is waited for",
      { claims: [claim(0, outgrown)], statefulSet: { claimSize: small, isEnding: true } },
      { do: "wait", reason: "its StatefulSet is being deleted" },
    ],
    [
      "a claim without a volume cannot ask for more",
      view([claim(0, { requested: small, capacity: undefined })], small),
      { do: "wait", reason: "nats-js-iad-0 has no volume yet: its server has not been placed" },
    ],
    [
      "a volume that is still to be made will have the size that was asked for",
      view([claim(0, { capacity: undefined })]),
      { do: "nothing" },
    ],
    [
      "a file system that is not mounted grows when a pod mounts it",
      view([claim(0, { capacity: small, isFileSystemPending: true, isMounted: false })]),
      { do: "nothing" },
    ],
    ["a volume may be larger than was asked for", view([claim(0, { capacity: large + 1 })]), { do: "nothing" }],
    [
      "what was asked for and never came can be asked for less",
      view([claim(0, { requested: toBytes("1TiB"), capacity: small })]),
      { do: "grow", claim: "nats-js-iad-0", from: toBytes("1TiB") },
    ],
  ];
  for (const [what, there, step] of steps) it(what, () => assert.deepEqual(nextVolumeStep(there, wanted), step));

  it("refuses to shrink what is there or was asked for, and nothing else", () => {
    const reasons = (change: Partial<ClaimView>, size: number) =>
      volumeRefusals(view([claim(0, change)]), { ...wanted, size }).map(({ field, reason }) => `${field}: ${reason}`);
    assert.deepEqual(reasons({}, small), [
      "size: volumes cannot shrink to 100GiB: nats-js-iad-0 has 200GiB; write kubernetes.volume.size: " +
        "200GiB or more (docs/runbooks/grow-volumes.md)",
    ]);
    assert.equal(
      reasons({ capacity: small }, small).length,
      1,
      "Kubernetes takes back only what leaves more than there is",
    );
    assert.deepEqual(reasons({ capacity: small }, small + 1), []);
    assert.deepEqual(reasons({ capacity: undefined, requested: small }, large), []);
  });

  it("refuses another class, and names the class as one that stays the stack's own or as one that exists", () => {
    const claims = [claim(0, { storageClass: "nats" })];
    assert.deepEqual(volumeRefusals(view(claims), { ...wanted, storageClass: "nats-iad" }), [
      {
        field: "storageClass",
        reason:
          'volumes keep their class: nats-js-iad-0 is of "nats"; write kubernetes.volume.storageClass: ' +
          '{ name: "nats" } if the region\'s stack created the class ' +
          "(an earlier release named it nats where settings gave no name; { existing } would delete it), " +
          '{ existing: "nats" } if not',
      },
    ]);
  });

  it("refuses a class that cannot grow or is gone only where something is to grow", () => {
    const reasons = (change: Partial<ClaimView>) =>
      volumeRefusals(view([claim(0, change)]), wanted).map(({ reason }) => reason);
    assert.match(
      reasons({ ...outgrown, canGrow: false }).join(),
      /^volumes cannot grow to 200GiB: storage class "gp3" of nats-js-iad-0 does not set allowVolumeExpansion/,
    );
    assert.match(
      reasons({ ...outgrown, canGrow: undefined }).join(),
      /storage class "gp3" of nats-js-iad-0 does not exist \(any more\)/,
    );
    assert.deepEqual([reasons({ canGrow: false }), reasons({ canGrow: undefined })], [[], []]);
  });

  it("finishes from anywhere, cut off anywhere, and recreates the StatefulSet only when all have grown", () => {
    const anyClaim = fc.record({ hasAsked: fc.boolean(), hasGrown: fc.boolean() });
    fc.assert(
      fc.property(fc.array(anyClaim, { maxLength: 5 }), fc.boolean(), (states, isRemade) => {
        let there = view(
          states.map(({ hasAsked, hasGrown }, server) =>
            claim(server, { requested: hasAsked ? large : small, capacity: hasAsked && hasGrown ? large : small }),
          ),
          isRemade ? large : small,
        );
        for (let step = 0; step < 20; step++) {
          const next = nextVolumeStep(there, wanted);
          if (next.do === "nothing") {
            assert.ok(
              there.claims.every(({ requested, capacity }) => requested === large && capacity === large) &&
                there.statefulSet!.claimSize === large,
            );
            return;
          }
          if (next.do === "recreate")
            assert.ok(
              there.claims.every(({ capacity }) => capacity === large),
              "all have grown",
            );
          there = {
            // What is waited for comes true.
            claims: there.claims.map((one) =>
              next.do === "grow" && one.name === next.claim
                ? { ...one, requested: large }
                : next.do === "wait"
                  ? { ...one, capacity: one.requested }
                  : one,
            ),
            statefulSet: {
              claimSize: next.do === "recreate" ? large : there.statefulSet!.claimSize,
              isEnding: false,
            },
          };
        }
        assert.fail(`no end: ${JSON.stringify(there)}`);
      }),
    );
  });
});
