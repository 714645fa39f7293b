import assert from "node:assert/strict";
import { lifted } from "../../../../operations/migrate/configurations";
import { decideMigration, observingAgain } from "../../../../operations/migrate/migration";
import type { MigrationState } from "../../../../operations/migrate/observe";
import { type Queue, ShadowNotSeen } from "../../../../operations/migrate/queue";
import { args, owner, queue as config } from "../../../support/work-queue";

describe("a migration whose shadow is being created", () => {
  const shadow = `${config.name!}--shadow`;
  const queue = {
    name: config.name,
    shadow,
    args,
    specified: { retention: "limits" },
    durables: [],
    account: { owner },
    facts: () => Promise.resolve({ version: "2.14.9", level: 4, servers: [] }),
    room: () => Promise.resolve(Infinity),
  } as unknown as Queue;
  const copiedBy = (name: string) =>
    ({
      home: { config: lifted(config), state: { bytes: 0 } },
      consumers: [{ name: "x", config: { sourcing: true, metadata: { "_nats.mirror.stream": name } } }],
    }) as unknown as MigrationState;

  it("is observed again, not refused, while only the shadow's copier is seen", () =>
    assert.rejects(decideMigration(queue, copiedBy(shadow)), ShadowNotSeen));

  it("is refused for another stream that copies", async () =>
    assert.match(JSON.stringify(await decideMigration(queue, copiedBy("T"))), /copied by T,/));

  it("continues when the shadow is seen later", async () => {
    let calls = 0;
    const work = () => (calls++ ? Promise.resolve("seen") : Promise.reject(new ShadowNotSeen("")));
    assert.equal(await observingAgain(work), "seen");
  });
});
