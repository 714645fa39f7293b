import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { environmentDir } from "../../../../config/cache";
import { Leftovers } from "../../../../operations/verify/leftovers";
import { ownCache } from "../../../support/own-cache";

describe("what an interrupted proof left", () => {
  ownCache();
  const durable = "irisx/SMS/sms-worker";

  it("is remembered, and forgotten once it is taken or gone", () => {
    const first = new Leftovers("local");
    first.add(durable, 2);
    first.save();
    const second = new Leftovers("local");
    assert.equal(second.of(durable), 2);
    second.limit(durable, 1);
    assert.equal(second.of(durable), 1);
    second.add(durable, -1);
    second.save();
    assert.equal(new Leftovers("local").of(durable), 0);
  });

  it("is kept for each durable and environment", () => {
    const local = new Leftovers("local");
    local.add(durable, 2);
    local.save();
    assert.deepEqual([local.of("irisx/EMAIL/email-worker"), new Leftovers("staging").of(durable)], [0, 0]);
  });

  it("is never negative, and never more than the durable has waiting", () => {
    const leftovers = new Leftovers("local");
    leftovers.add(durable, -3);
    assert.equal(leftovers.of(durable), 0);
    leftovers.limit(durable, 5);
    assert.equal(leftovers.of(durable), 0);
  });

  it("is nothing where the file cannot be read", () => {
    new Leftovers("local").save();
    writeFileSync(path.join(environmentDir("local"), "verify.json"), "{ not JSON");
    assert.equal(new Leftovers("local").of(durable), 0);
  });
});
