import assert from "node:assert/strict";
import { copying } from "../../../../config/assets/copies";
import { pictureOf } from "../../../../console/server/picture";
import { Rates } from "../../../../console/server/rates";
import type { Snapshot } from "../../../../operations/supercluster/snapshot";
import { statusOf } from "../../../../operations/supercluster/status";
import { checked, look } from "../../../support/console-look";
import { healthySnapshot } from "../../../support/healthy-snapshot";

describe("what a mirror copies, in the console", () => {
  const shown = (change?: (snapshot: Snapshot) => void) => look(change).streams["irisx/SMS-ams"]!.mirrorOf;
  const copies = (external: string | undefined) =>
    shown(({ streams }) => {
      streams.irisx!["SMS-ams"]!.mirror = {
        ...{ name: "SMS", lag: 0, active: 1 },
        ...(external !== undefined && { external: { api: external } }),
      };
    });

  it("is a stream of its own account, also while no server tells of the mirror", () => {
    assert.equal(copies(undefined), "irisx/SMS");
    assert.equal(
      shown(({ streams }) => delete streams.irisx!["SMS-ams"]),
      "irisx/SMS",
    );
  });

  it("is a stream of another account, by the names under which that one lets it be copied", () => {
    const { mirror } = copying({ mirror: { tenant: "covenant", name: "SMS" } }, "irisx");
    const { external } = mirror as { name: string; external?: { api: string } };
    assert.equal(copies(external!.api), "covenant/SMS");
  });

  it("is a name alone where it is in another domain, which has no page", () =>
    assert.equal(copies("$JS.edge.API"), "SMS"));
});

describe("durables of workers, in the console", () => {
  const shown = (pending: number, isReady: boolean) => {
    const snapshot = healthySnapshot(checked);
    const durable = snapshot.streams.irisx!.SMS!.consumer_detail!.find(({ name }) => name === "sms-worker")!;
    durable.num_pending = pending;
    const workers = [{ account: "irisx", name: "sms-worker", region: "iad", isReady }];
    const status = { ...statusOf(checked, snapshot, { workers }), problems: [] };
    return pictureOf(checked, { snapshot, status, failovers: [] }, new Rates()).durables["irisx/SMS/sms-worker"]!;
  };

  it("are marked where messages wait and no process that reads them is ready", () => {
    assert.equal(shown(3, false).severity, "warning");
    assert.equal(shown(0, false).severity, undefined);
    assert.equal(shown(3, true).severity, undefined);
  });
});

describe("a picture of servers of which one is late", () => {
  it("says since when, and keeps its rates as they were instead of calling its streams idle", () => {
    const rates = new Rates();
    const at = (second: number, silentSince: Record<string, string> = {}) => {
      const snapshot = healthySnapshot(checked);
      const told = silentSince["iad-0"] ? 1 : second;
      snapshot.streams.irisx!.SMS!.state.last_seq = 100 * told;
      const status = { ...statusOf(checked, snapshot), time: new Date(1_000 * second).toISOString(), problems: [] };
      const picture = pictureOf(checked, { snapshot, status, failovers: [] }, rates, {
        usual: () => undefined,
        silentSince,
      });
      rates.next();
      return picture;
    };
    at(0);
    assert.equal(at(1).streams["irisx/SMS"]!.rate, 100);
    const since = new Date(1_000).toISOString();
    const late = at(3, { "iad-0": since });
    assert.equal(late.streams["irisx/SMS"]!.rate, 100);
    const server = late.head.servers.find(({ name }) => name === "iad-0")!;
    assert.deepEqual([server.isUp, server.silentSince], [true, since]);
    assert.equal(at(5).streams["irisx/SMS"]!.rate, 100);
  });
});
