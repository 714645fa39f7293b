import assert from "node:assert/strict";
import { covers } from "../../../../config/subjects";
import { publishersOf } from "../../../../operations/drills/publishers";
import { tenants } from "../../../../tenants";

const regions = [
  { region: "iad", interval: 200 },
  { region: "ams", interval: 500 },
];

describe("the publishers of a drill", () => {
  it("are one a stream of every tenant and region, as a user that may publish there", () => {
    const { publishers, without } = publishersOf(tenants, regions);
    assert.deepEqual(without, []);
    const expected = Object.values(tenants).flatMap(({ name, streams }) =>
      Object.keys(streams).flatMap((stream) => regions.map(({ region }) => `${name}/${stream} ${region}`)),
    );
    assert.deepEqual(
      publishers.map(({ account, stream, region }) => `${account}/${stream} ${region}`),
      expected,
    );
    for (const { account, stream, subject, user } of publishers) {
      const { streams, users } = tenants[account]!;
      assert.ok(!/[*>]/.test(subject), subject);
      assert.ok(
        streams[stream]!.subjects.some((pattern) => covers(pattern, subject)),
        `${subject} is of ${stream}`,
      );
      assert.ok(
        users[user]!.publishes!.some((pattern) => covers(pattern, subject)),
        `${user} may publish ${subject}`,
      );
    }
  });

  it("leave out, and name, a stream that no user publishes to", () => {
    const { api: _, ...users } = tenants.irisx!.users;
    const { publishers, without } = publishersOf({ irisx: { ...tenants.irisx!, lanes: undefined, users } }, regions);
    assert.deepEqual(without, []);
    // Workers publish what became of a message.
    assert.deepEqual(
      [...new Set(publishers.map(({ subject }) => subject))],
      ["sms.status", "email.status", "webhooks.retry"],
    );
    const silent = publishersOf({ irisx: { ...tenants.irisx!, lanes: undefined, users: {} } }, regions);
    assert.deepEqual(silent, { publishers: [], without: ["irisx/SMS", "irisx/EMAIL", "irisx/WEBHOOKS"] });
  });
});
