import assert from "node:assert/strict";
import { mistakes } from "../../../../../components/jetstream/provider/check";
import { assetsOf } from "../../../../../config/assets/assets";
import { streamArgumentRules } from "../../../../../config/rules/arguments/stream";
import { failoverKey } from "../../../../../config/schema/failover";
import { consumerArgs, streamArgs } from "../../../../../jetstream/asset-args";
import { consumerKind, streamKind } from "../../../../../jetstream/kinds";
import { tenants } from "../../../../../tenants";
import { localEnvironment } from "../../../../support/accounts";
import { itFindsExamples } from "../../../../support/argument-rules";
import { plainStream } from "../../../../support/rule-examples";

describe("rules about one stream", () => {
  itFindsExamples(streamKind, streamArgumentRules, plainStream);

  it("are told all at once, each at its property, when the schema finds nothing", () => {
    const wrong = {
      ...plainStream,
      maxAge: "10ms",
      sources: ["ORIGIN", { name: "ORIGIN" }, { name: "OTHER", optStartSeq: 1, optStartTime: "2026-01-31T00:00:00Z" }],
      republish: { src: "example.*", dest: "example.a" },
    };
    assert.deepEqual(
      mistakes(streamKind, wrong).map(({ property }) => property),
      ["maxAge", "republish.dest", "sources[1]", "sources[2].optStartTime"],
    );
    assert.deepEqual(
      mistakes(streamKind, { ...wrong, maxage: "1d" }).map(({ property }) => property),
      ["maxage"],
    );
  });

  it("find nothing in what the four systems deploy, failed over or not", () => {
    const mirrors = assetsOf(localEnvironment(), tenants).streams.filter(({ mirrorOf }) => mirrorOf);
    const failovers = Object.fromEntries(
      mirrors.map(({ account, mirrorOf, region }) => [failoverKey(account, mirrorOf!), { to: region, consumers: {} }]),
    );
    for (const declared of [{}, failovers]) {
      const { streams, consumers } = assetsOf(localEnvironment(), tenants, declared);
      assert.deepEqual(
        streams.flatMap((asset) => mistakes(streamKind, streamArgs(asset))),
        [],
      );
      assert.deepEqual(
        consumers.flatMap((asset) => mistakes(consumerKind, consumerArgs(asset))),
        [],
      );
    }
  });

  it("let a stream take everything, system subjects too, when it acknowledges nothing", () => {
    assert.deepEqual(mistakes(streamKind, { ...plainStream, subjects: [">"], noAck: true }), []);
  });
});
