import assert from "node:assert/strict";
import * as fs from "node:fs";
import type { Status } from "../../operations/supercluster/status";
import { snapshotUntil } from "../../operations/supercluster/snapshot";
import { pollUntil } from "../../config/poll-until";
import { heldStreams } from "../../jetstream/system-requests";
import type { Deployment } from "../support/deployment";
import { inSteps } from "../support/in-steps";
import { engineMs, requestMs, waitMs } from "../support/limits";
import { Regions } from "../support/regions";

const regions = ["iad", "ams"];

const shop = `export const shop = {
  name: "shop",
  home: "iad",
  streams: {
    ORDERS: {
      ...{ subjects: ["orders.>"], retention: "limits", storage: "file", discard: "old", replicas: 3 },
      ...{ maxAge: "1d", maxBytes: "1MiB" },
    },
  },
  consumers: {},
  users: { api: { publishes: ["orders.>"] } },
};
`;

/** Turned on and off as an operator does. Real engine, program, servers, workers. */
describe("the probe of an environment", function () {
  this.timeout(engineMs);
  inSteps();
  let deployment: Deployment;

  const status = () => {
    const { text } = deployment.cli("status", "--json");
    return JSON.parse(text.slice(text.indexOf("{\n"), text.lastIndexOf("\n}") + 2)) as Status;
  };
  const streams = async () => {
    const system = await deployment.client("ams", "sys", "admin");
    const { reservations } = await heldStreams(
      system,
      regions.map((region) => `${region}-0`),
      requestMs,
    );
    return Object.keys(reservations.probe ?? {}).sort();
  };

  before(async () => {
    ({ deployment } = await Regions.prepare(["shop"], { regions, servers: 1 }));
    fs.writeFileSync(deployment.path("tenants/shop.ts"), shop);
    deployment.set({ jetstream: { jetstream: ["shop", "probe"] } });
  });

  after(() => deployment?.remove());

  it("runs in each region, and each of them reaches all", async () => {
    const text = deployment.succeeds("start", "--with-workers");
    for (const region of regions)
      assert.match(
        text,
        new RegExp(`durable probe/PROBE_${region}/probe +ok +\\w+ -> its worker, acknowledged within`),
      );
    const areReady = ({ workers = [] }: Status) =>
      workers.length === regions.length && workers.every(({ isReady }) => isReady);
    // One that is busy may answer a single status too late.
    const { workers = [] } = await snapshotUntil(async () => status(), areReady, waitMs);
    assert.deepEqual(
      workers.map(({ account, name, region, isReady }) => [account, name, region, isReady]),
      regions.map((region) => ["probe", "probe", region, true]),
    );
    for (const { region } of workers) {
      const outputs = JSON.parse(deployment.pulumi("stack", "output", "--stack", `local-${region}`, "--json")) as {
        workers: Record<string, { health: string }>;
      };
      const { health } = outputs.workers["probe/probe"]!;
      let missing: string[] = [];
      await pollUntil(
        async () => {
          const body = await (await fetch(`${health}/metrics`)).text();
          const wanted = [
            `probe_stream_quorum{tenant="probe",stream_name="PROBE_${region}"}`,
            `probe_certificate_expiry_timestamp_seconds{server="${region}-0",listener="gateway"}`,
            ...regions.flatMap((other) => [
              `probe_publish_duration_seconds_bucket{le="10",to="${other}"}`,
              `probe_delivery_duration_seconds_bucket{le="10",from="${other}"}`,
            ]),
          ];
          missing = wanted.filter((series) => !new RegExp(`^${escaped(series)}.*[1-9]`, "m").test(body));
          return missing.length === 0;
        },
        waitMs,
        500,
      );
      assert.deepEqual(missing, [], region);
    }
    assert.deepEqual(await streams(), ["CANARY", "PROBE_ams", "PROBE_iad"]);
  });

  it("leaves in two deployments, and with it what it may ask servers", async () => {
    deployment.set({ probe: { state: "leaving" } });
    deployment.succeeds("start", "--with-workers");
    assert.deepEqual([status().workers ?? [], await streams()], [[], []]);
    deployment.set({ probe: {}, jetstream: { jetstream: ["shop"] } });
    deployment.succeeds("start");
    await assert.rejects(deployment.client("iad", "probe", "probe"), /Authorization Violation/i);
  });
});

const escaped = (text: string): string => text.replace(/[{}()[\]"+.*?^$|\\]/g, "\\$&");
