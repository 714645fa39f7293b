import assert from "node:assert/strict";
import { renderVerification, requireSuccess } from "../../../../cli/render/verification";
import { Failure } from "../../../../engine/failure";
import type { Verification } from "../../../../operations/verify/verify";

const verification = (...checks: Verification["checks"]): Verification => ({
  status: {
    environment: "local",
    time: "2026-01-01T00:00:00.000Z",
    warnings: [],
    metaPeers: { current: 0, all: 0 },
    regions: [],
    gateways: [],
    consumers: [],
    streams: [],
    undeclared: [],
  },
  checks,
  milliseconds: 1_500,
});

describe("the report of a verification", () => {
  it("has a line a check, and how many there were", () => {
    const text = renderVerification(
      verification(
        { name: "servers", result: "ok", detail: "9 of 9 answer" },
        { name: "routes", result: "failed", detail: "iad-0 has none" },
      ),
    );
    assert.deepEqual(text.split("\n"), [
      "CHECK    RESULT  DETAIL",
      "servers  ok      9 of 9 answer",
      "routes   FAILED  iad-0 has none",
      "",
      "2 checks, 1 failed, 1.5 s",
    ]);
  });

  it("ends in a failure that names each failed check, and in none where all passed", () => {
    requireSuccess(verification({ name: "servers", result: "ok", detail: "" }));
    assert.throws(
      () => requireSuccess(verification({ name: "routes", result: "failed", detail: "iad-0 has none" })),
      (error: Error) => error instanceof Failure && error.message === "1 check failed:\n  routes: iad-0 has none",
    );
  });
});
