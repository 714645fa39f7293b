import assert from "node:assert/strict";
import fc from "fast-check";
import { consumerResource, formerNames, streamResource } from "../../../../config/assets/resource-names";

const part = fc.stringMatching(/^[ab-]{1,5}$/);

describe("names of resources", () => {
  it("differ for different streams and durables, wherever their names have dashes", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(part, part, part), { minLength: 2, maxLength: 40 }), (keys) => {
        const distinct = <T>(all: T[]) => new Set(all.map((one) => JSON.stringify(one))).size;
        const streams = keys.map(([account, name]) => ({ account, name }));
        const consumers = keys.map(([account, stream, name]) => ({ account, stream, name }));
        assert.equal(new Set(streams.map(streamResource)).size, distinct(streams));
        assert.equal(new Set(consumers.map(consumerResource)).size, distinct(consumers));
      }),
    );
  });

  it("are the former ones unless a dash left open where a part ends; those have the former one as alias", () => {
    const streams = [
      { account: "irisx", name: "SMS" },
      { account: "irisx", name: "SMS-ams" },
      { account: "iris-x", name: "SMS" },
    ];
    const consumers = [
      { account: "irisx", stream: "SMS", name: "sms-worker" },
      { account: "irisx", stream: "SMS-ams", name: "sms-worker" },
    ];
    assert.deepEqual(streams.map(streamResource), ["irisx-SMS", "irisx-SMS-ams", "iris-x/SMS"]);
    assert.deepEqual(consumers.map(consumerResource), ["irisx-SMS-sms-worker", "irisx/SMS-ams/sms-worker"]);
    assert.deepEqual(formerNames(streams, consumers), {
      streams: new Map([["iris-x/SMS", "iris-x-SMS"]]),
      consumers: new Map([["irisx/SMS-ams/sms-worker", "irisx-SMS-ams-sms-worker"]]),
    });
  });

  it("have no alias where two shared the former one", () => {
    const consumers = [
      { account: "app", stream: "ORDERS", name: "EU-billing" },
      { account: "app", stream: "ORDERS-EU", name: "billing" },
    ];
    assert.deepEqual(formerNames([], consumers).consumers, new Map());
  });
});
