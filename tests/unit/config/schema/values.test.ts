import assert from "node:assert/strict";
import type * as z from "zod";
import { mistakes } from "../../../../components/jetstream/provider/check";
import { parse } from "../../../../config/problems";
import { count, countLimit, dnsName, duration, durationLimit, size, sizeLimit } from "../../../../config/schema/values";
import { toNanoseconds } from "../../../../config/units";
import { type AssetKind, consumerKind, streamKind } from "../../../../jetstream/kinds";
import { plainConsumer, plainStream } from "../../../support/rule-examples";

const messageOf = (schema: z.ZodType, value: unknown): string | undefined =>
  parse(schema, value, "value").problems.map(({ message }) => message)[0];

describe("durations and sizes", () => {
  it("that are missing are asked for with one that suits the field", () => {
    assert.equal(messageOf(durationLimit, undefined), 'is missing; write e.g. "7d", or "unlimited"');
    assert.equal(messageOf(sizeLimit, undefined), 'is missing; write e.g. "10GiB", or "unlimited"');
    assert.equal(messageOf(duration, undefined), 'is missing; write e.g. "30s"');
  });

  it("are unlimited where they are limits, and only there", () => {
    assert.deepEqual(
      [durationLimit, sizeLimit, countLimit].map((limit) => messageOf(limit, "unlimited")),
      [undefined, undefined, undefined],
    );
    assert.equal(messageOf(duration, "unlimited"), '"unlimited" is not a duration; write "30s"');
    assert.equal(messageOf(countLimit, -1), '-1: write a whole number of 1 or more, or "unlimited"');
    assert.equal(messageOf(count, -1), "-1: write a whole number of 1 or more, or leave it out");
    assert.equal(messageOf(count, 1.5), "1.5: write a whole number of 1 or more");
  });

  it("end where sums of two of them and the time since 1970 still fit into 63 bits", () => {
    assert.equal(messageOf(durationLimit, "36500d"), undefined);
    for (const age of ["36501d", "365000d", `${"9".repeat(99)}d`])
      assert.match(
        messageOf(durationLimit, age)!,
        /more than a duration can be; write "36500d" or less, or "unlimited"/,
      );
    assert.equal(messageOf(size, "8191TiB"), undefined);
    assert.match(messageOf(size, "8192TiB")!, /more than a size can be; write "8191TiB" or less/);
    assert.ok(2n * BigInt(toNanoseconds("36500d")) + BigInt(Date.now()) * 1_000_000n < 2n ** 63n);
  });
});

describe("a DNS name", () => {
  it("is lower-case labels, and anything else is refused with the name that is in it", () => {
    for (const name of ["nats.example.com", "cluster.local", "3.example.com", "a"])
      assert.equal(messageOf(dnsName, name), undefined);
    const cases: [unknown, string][] = [
      ["https://nats.example.com", "nats.example.com"],
      ["tls://nats.example.com:4222/", "nats.example.com"],
      ["*.example.com", "example.com"],
      [".example.com.", "example.com"],
      ["NATS.Example.com", "nats.example.com"],
      ["nats_1.example.com", "nats.example.com"],
      ["-a.example.com", "nats.example.com"],
      [`${"a".repeat(64)}.com`, "nats.example.com"],
      ["orders.>", "nats.example.com"],
      [7, "7"],
    ];
    for (const [written, meant] of cases)
      assert.equal(messageOf(dnsName, written), `${JSON.stringify(written)} is not a DNS name; write "${meant}"`);
  });
});

describe("extraConfig", () => {
  it("takes no field that has an argument", () => {
    const refused = (kind: AssetKind, args: object, name: string) =>
      mistakes(kind, { ...args, extraConfig: { [name]: 1 } }).map(({ property, reason }) => `${property} ${reason}`);
    assert.deepEqual(refused(streamKind, plainStream, "newest_field"), []);
    assert.deepEqual(refused(streamKind, plainStream, "max_age"), [
      'extraConfig.max_age "max_age" has an argument of its own; write maxAge',
    ]);
    for (const { wire } of streamKind.fields)
      assert.match(refused(streamKind, plainStream, wire.split(".")[0]!).join(), /of its own; write /, wire);
    for (const { wire } of consumerKind.fields)
      assert.match(refused(consumerKind, plainConsumer, wire.split(".")[0]!).join(), /of its own; write /, wire);
  });
});
