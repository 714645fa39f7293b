import assert from "node:assert/strict";
import type { V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { claimView, isGrowing, latestMessage, resized, templateOf } from "../../../../components/storage/claim-view";

const claim = (requested: string, capacity?: string, conditions: object[] = []) =>
  ({
    metadata: { name: "nats-js-iad-0", uid: "1" },
    spec: { storageClassName: "gp3", resources: { requests: { storage: requested } } },
    status: { ...(capacity && { capacity: { storage: capacity } }), conditions },
  }) as unknown as V1PersistentVolumeClaim;
const gibibytes = (count: number) => count * 1024 ** 3;
const around = { isMounted: true };

describe("view of a claim", () => {
  it("has what it asks for, what it has, and its class", () => {
    assert.deepEqual(
      claimView(claim("200Gi", "100Gi"), { ...around, storageClass: { allowVolumeExpansion: true } as never }),
      {
        name: "nats-js-iad-0",
        requested: gibibytes(200),
        capacity: gibibytes(100),
        storageClass: "gp3",
        canGrow: true,
        isMounted: true,
      },
    );
  });

  it("has no capacity without a volume, and cannot tell whether a class that does not exist lets it grow", () => {
    const view = claimView(claim("100Gi"), around);
    assert.ok(!("capacity" in view) && !("canGrow" in view));
    assert.equal(claimView(claim("100Gi"), { ...around, storageClass: {} as never }).canGrow, false);
  });

  it("reports conditions and the last warning while it grows", () => {
    const pending = { type: "FileSystemResizePending", message: "Waiting for a pod" };
    const view = claimView(claim("200Gi", "100Gi", [pending, { type: "Resizing" }]), {
      ...around,
      lastWarning: "wait at least 6 hours",
    });
    assert.equal(view.said, "FileSystemResizePending: Waiting for a pod; Resizing; wait at least 6 hours");
    assert.equal(view.isFileSystemPending, true);
  });

  it("ignores conditions of a claim that has its size", () => {
    const full = claim("100Gi", "100Gi", [{ type: "FileSystemResizePending" }]);
    assert.equal(isGrowing(full), false);
    const view = claimView(full, around);
    assert.ok(!("said" in view) && !("isFileSystemPending" in view));
  });

  it("does not grow before it has a volume", () => assert.equal(isGrowing(claim("100Gi")), false));
});

describe("latest event", () => {
  it("is that with the last time, of either form", () => {
    const events = [
      { message: "older", lastTimestamp: new Date("2026-01-01T10:00:00Z") },
      { message: "latest", eventTime: "2026-01-01T12:00:00Z" },
      { message: "untimed" },
      { message: "newer", lastTimestamp: new Date("2026-01-01T11:00:00Z") },
    ];
    assert.equal(latestMessage(events as never), "latest");
    assert.equal(latestMessage([]), undefined);
  });
});

describe("template of claims", () => {
  const template = { metadata: { name: "nats-js" }, ...{ spec: claim("100Gi").spec } };

  it("is found by its name", () => {
    const statefulSet = { spec: { volumeClaimTemplates: [{ metadata: { name: "other" } }, template] } } as never;
    assert.equal(templateOf(statefulSet, "nats-js"), template);
    assert.equal(templateOf(statefulSet, "missing"), undefined);
    assert.equal(templateOf({}, "nats-js"), undefined);
  });

  it("is resized without what the server filled in", () => {
    const filled = { ...template, metadata: { name: "nats-js", uid: "1", labels: { app: "nats" } } };
    const { metadata, spec } = resized(filled, "200Gi");
    assert.deepEqual(metadata, { name: "nats-js", labels: { app: "nats" }, annotations: undefined });
    assert.deepEqual(spec, { storageClassName: "gp3", resources: { requests: { storage: "200Gi" } } });
  });
});
