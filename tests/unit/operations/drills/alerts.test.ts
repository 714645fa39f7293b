import assert from "node:assert/strict";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { pollUntil } from "../../../../config/poll-until";
import { AlertWatch, compareAlerts } from "../../../../operations/drills/alerts";
import { waitMs } from "../../../support/limits";

const waits = { NATSServerDown: 120_000, NATSClusterQuorumLost: 60_000 };
const minutes = 60_000;

describe("alerts that an accident has to make fire", () => {
  const compare = (fired: string[], holdMs: number, before: string[] = []) =>
    compareAlerts(["NATSClusterQuorumLost", "NATSServerDown"], { fired, before, waits }, holdMs);

  it("are missing where it lasted longer than they wait, and they did not", () => {
    assert.deepEqual(compare(["NATSServerDown iad-0", "NATSRouteLost iad-1"], 3 * minutes), {
      missing: ["NATSClusterQuorumLost"],
      notes: [],
    });
    assert.deepEqual(compare(["NATSClusterQuorumLost", "NATSServerDown iad-0"], 3 * minutes).missing, []);
  });

  it("are not missing where they fired before it: they would not fire again", () =>
    assert.deepEqual(compare(["NATSClusterQuorumLost"], 3 * minutes, ["NATSServerDown iad-0"]).missing, []));

  it("are not missing where it was too short for them, and it is said how long it takes", () =>
    assert.deepEqual(compare([], 2 * minutes), {
      missing: ["NATSClusterQuorumLost"],
      notes: ["too short for NATSServerDown to fire: --hold 180s"],
    }));

  it("are not missing where Prometheus has no such alert, as without workers, and that is said", () =>
    assert.deepEqual(compareAlerts(["NATSDeadLetters"], { fired: [], before: [], waits }, 60 * minutes), {
      missing: [],
      notes: ["Prometheus has no alert NATSDeadLetters, so it is not known whether it would fire"],
    }));
});

describe("alerts that are watched during a drill", () => {
  it("are those that fire and did not before, with what each is about and how long it waits", async () => {
    const down = (server: string) => ({ labels: { alertname: "NATSServerDown", server }, state: "firing" });
    let alerts: { labels: Record<string, string>; state: string }[] = [down("ams-0")];
    let looks = 0;
    const server = http.createServer(({ url }, response) => {
      if (url === "/api/v1/alerts") looks++;
      const rules = [
        { name: "NATSServerDown", type: "alerting", health: "ok", duration: 120 },
        { name: "nats:streams", type: "recording", health: "ok" },
      ];
      const answers: Record<string, unknown> = {
        "/api/v1/alerts": { alerts },
        "/api/v1/rules": { groups: [{ name: "nats", evaluationTime: 0, rules }] },
      };
      const data = answers[url!];
      response.end(JSON.stringify(data ? { status: "success", data } : { status: "error", error: `no ${url}` }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const watch = await AlertWatch.start(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      alerts = [down("ams-0"), down("iad-1"), { ...down("iad-2"), state: "pending" }];
      const before = looks;
      await pollUntil(() => looks >= before + 2, waitMs);
      assert.deepEqual(await watch.stop(), {
        fired: ["NATSServerDown iad-1"],
        before: ["NATSServerDown ams-0"],
        waits: { NATSServerDown: 120_000 },
      });
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});
