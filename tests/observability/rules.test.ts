import assert from "node:assert/strict";
import { type AlertName, alertNames } from "../../config/schema/alerts";
import { alerts } from "../../observability/alerts";
import { rulesFile, rulesOf } from "../../observability/rules";
import { serversMs } from "../support/limits";
import { failuresOf, type RuleTest } from "../support/promtool";
import { cases, type Firing, moreCases } from "./cases";
import { type Change, environment, healthy, region, tenants } from "./region";
import { accidentEnds, end, inputOf } from "./series";

const rules = rulesFile(rulesOf(environment, tenants, region));

const sample = ({ alert, labels }: Firing) => {
  const all = { alertname: alert, alertstate: "firing", region, severity: alerts[alert].severity, ...labels };
  const text = Object.entries(all).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return { labels: `ALERTS{${text.join(",")}}`, value: 1 };
};

const firingAt = (minute: number, fires: Firing[]): RuleTest["promql_expr_test"][number] => ({
  expr: 'ALERTS{alertstate="firing"}',
  eval_time: `${minute}m`,
  exp_samples: fires.map(sample),
});

/** An accident that ends: while it lasts exactly these alerts fire, afterwards none. */
const testOf = (name: string, accident: Change, fires: Firing[]): RuleTest => ({
  name,
  interval: "1m",
  input_series: inputOf(accident(healthy), healthy),
  promql_expr_test: [firingAt(accidentEnds - 2, fires), firingAt(end - 4, [])],
});

describe("alerts, by promtool", function () {
  this.timeout(serversMs);

  it("are quiet while all is well", async () => {
    assert.equal(await failuresOf(rules, [testOf("all is well", (series) => series, [])]), undefined);
  });

  for (const name of alertNames) {
    const { what, accident, fires, quiet = [] } = cases[name];
    it(`${name} fires and clears: ${what}`, async () => {
      assert.ok(
        fires.some(({ alert }) => alert === name),
        "its own case makes it fire",
      );
      const tests = [testOf(what, accident, fires), ...quiet.map((change) => testOf("nearly", change, []))];
      assert.equal(await failuresOf(rules, tests), undefined);
    });
  }

  for (const { what, accident, fires } of moreCases)
    it(`what fires, and nothing else: ${what}`, async () => {
      assert.equal(await failuresOf(rules, [testOf(what, accident, fires)]), undefined);
    });

  it("that should fire are missed: a test that cannot fail would prove nothing", async () => {
    const { accident } = cases.NATSServerDown;
    const wrong: AlertName = "NATSExporterDown";
    const said = await failuresOf(rules, [testOf("wrong", accident, [{ alert: wrong, labels: { server: "iad-2" } }])]);
    assert.match(said!, /NATSServerDown/);
  });
});

describe("alerts whose settings differ, by promtool", function () {
  this.timeout(serversMs);
  const biller = { account: "shop", stream: "ORDERS", consumer: "biller" };
  const file = (settings: object) => rulesFile(rulesOf({ ...environment, alerts: settings }, tenants, region));
  const { accident, fires } = cases.NATSConsumerLagHigh;
  const orders = { account: "shop", stream: "ORDERS" };
  const commands = { account: "shop", stream: "COMMANDS" };
  const silence = "by design, see our own notes";

  const changed: [string, object, Firing[]][] = [
    ["a higher threshold for all", { NATSConsumerLagHigh: { threshold: 2000 } }, []],
    ["a higher threshold for one", { NATSConsumerLagHigh: { of: [{ ...biller, threshold: 2000 }] } }, []],
    [
      "a lower threshold for one, under a higher one for all",
      { NATSConsumerLagHigh: { threshold: 5000, of: [{ ...biller, threshold: 1000 }] } },
      fires,
    ],
    ["a longer wait than the accident lasts", { NATSConsumerLagHigh: { for: "2h" } }, []],
    ["silence", { NATSConsumerLagHigh: { silence: "replaced by our own" } }, []],
    ["silence for one", { NATSConsumerLagHigh: { of: [{ ...biller, silence: "reads once a day, at night" }] } }, []],
    [
      "silence for another",
      { NATSConsumerLagHigh: { of: [{ ...biller, consumer: "audit", silence: "reads once a day" }] } },
      fires,
    ],
  ];
  for (const [what, settings, expected] of changed)
    it(what, async () => assert.equal(await failuresOf(file(settings), [testOf(what, accident, expected)]), undefined));

  const ofStreams: [string, AlertName, object, boolean][] = [
    ["a higher threshold for one stream", "NATSStreamNearFull", { of: [{ ...orders, threshold: 90 }] }, false],
    ["a lower threshold for another stream", "NATSStreamNearFull", { of: [{ ...commands, threshold: 20 }] }, true],
    ["silence for one stream", "NATSStreamMissing", { of: [{ ...commands, silence }] }, false],
    ["silence for another stream", "NATSStreamMissing", { of: [{ ...orders, silence }] }, true],
    ["silence for all of an account", "NATSConsumerMissing", { of: [{ account: "shop", silence }] }, false],
    ["silence for dead letters", "NATSDeadLetters", { of: [{ account: "shop", silence }] }, false],
    ["silence for a stream without a leader", "NATSStreamWithoutLeader", { of: [{ ...orders, silence }] }, false],
  ];
  for (const [what, alert, setting, isFiring] of ofStreams)
    it(`${what}: ${alert}`, async () => {
      const test = testOf(what, cases[alert].accident, isFiring ? cases[alert].fires : []);
      assert.equal(await failuresOf(file({ [alert]: setting }), [test]), undefined);
    });
});

describe("series under the names of the source systems, by promtool", function () {
  this.timeout(serversMs);

  it("count each stream and durable once, whatever its replicas", async () => {
    const expected: [string, string, number][] = [
      ["nats_stream_messages", 'account="shop",stream_name="ORDERS"', 100],
      ["nats_stream_bytes", 'account="shop",stream_name="ORDERS"', 1e5],
      ["nats_jetstream_streams", 'account="shop"', 8],
      ["nats_jetstream_consumers", 'account="shop"', 6],
      ["nats_jetstream_messages", 'account="shop"', 600],
      ["nats_jetstream_bytes", 'account="shop"', 8e5],
      ["nats_routes_inbound", 'server="iad-0"', 2],
      ["nats_routes_outbound", 'server="iad-0"', 2],
    ];
    const test: RuleTest = {
      name: "names",
      interval: "1m",
      input_series: inputOf(healthy, healthy),
      promql_expr_test: expected.map(([name, labels, value]) => ({
        expr: `${name}{${labels}}`,
        eval_time: "10m",
        exp_samples: [{ labels: `${name}{job="nats-jetstream",region="iad",${labels}}`, value }],
      })),
    };
    assert.equal(await failuresOf(rules, [test]), undefined);
  });
});
