import * as assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  byVersion,
  isAtLeast,
  isUnsupportedTag,
  outsideOfSupported,
  supportedServers,
  testedServers,
  upgradePath,
  upgradeRefusal,
} from "../../../config/versions";
import { describeTool } from "../../../tools/pins.mjs";

const versions = fc.array(fc.nat(200), { minLength: 3, maxLength: 3 });

describe("versions", () => {
  it("are compared by number, not by text", () =>
    fc.assert(
      fc.property(versions, versions, (left, right) => {
        const first = left.findIndex((part, index) => part !== right[index]);
        assert.equal(isAtLeast(left.join("."), right.join(".")), first < 0 || left[first]! > right[first]!);
      }),
    ));

  for (const [version, wanted, expected] of [
    ["2.15.0-RC.1", "2.15.0", true],
    ["2.14.4", "2.15.0-RC.1", false],
    ["v2.12.5", "2.12.5", true],
    ["dev", "2.12.5", false],
  ] as const)
    it(`${version} ${expected ? "has" : "has not"} what ${wanted} has`, () =>
      assert.equal(isAtLeast(version, wanted), expected));

  it("of servers are those that tests run: the newest, the line before it, and the oldest", () => {
    const [newest, previous, oldest] = ["nats-server", "nats-server-previous", "nats-server-oldest"].map(
      (name) => describeTool(name).pin,
    );
    assert.deepEqual(testedServers, { oldest, previous, newest });
    const line = (version: string) => version.split(".").slice(0, 2).join(".");
    assert.ok(byVersion(oldest!, previous!) < 0 && byVersion(previous!, newest!) < 0);
    assert.notEqual(line(previous!), line(newest!));
  });

  it("of servers are supported from the oldest that tests run to the line of the newest", () => {
    const [major, minor] = testedServers.newest.split(".").map(Number);
    assert.deepEqual(supportedServers, { from: testedServers.oldest, before: `${major}.${minor! + 1}.0` });
  });

  it("of servers are supported in a range, by the tags of their images", () => {
    for (const tag of [
      "2.12.1",
      "v2.12.1-alpine",
      "2.12-alpine",
      "2.14.9",
      "2.15.3",
      "2.15.3-alpine3.22",
      "2",
      "latest",
      "my-2.9",
    ])
      assert.equal(isUnsupportedTag(tag), false, tag);
    for (const tag of ["2.12.0", "2.11-alpine", "v2.9.0", "2.16.0", "2.16.0-RC.1", "3", "1.4.1-linux"])
      assert.equal(isUnsupportedTag(tag), true, tag);
  });

  it("of running servers are replaced server by server, but not over a line that older ones do not understand", () => {
    for (const [running, wanted] of [
      ["2.12.1", "2.14.9"],
      ["2.14.0", "2.15.3"],
      ["2.14-alpine", "2.15.3-alpine"],
      ["2.15.3", "2.14.9"],
      ["2.14.9", "2.14.5"],
      ["sha256:2126", "2.15.3"],
      ["2.12.1", "sha256:2157"],
      ["latest", "2.15.3"],
    ] as const)
      assert.equal(upgradeRefusal(running, wanted), undefined, `${running} to ${wanted}`);
    for (const running of ["2.12.1", "v2.12-alpine", "2.13.4-alpine"])
      assert.match(
        upgradeRefusal(running, "2.15.3-alpine")!,
        /^2\.1[23](\.\d)? cannot be replaced by 2\.15\.3 server by server: .*; deploy 2\.14\.x first, then this$/,
      );
    for (const running of ["2.15.3", "2.14.0-alpine"])
      assert.match(
        upgradeRefusal(running, "2.12.1")!,
        /^2\.1[45]\.\d cannot be replaced by 2\.12\.1 server by server: .*; restore a backup into servers of 2\.12\.1/,
      );
  });

  it("of running servers are reached by way of the lines that may not be skipped", () => {
    const { oldest, previous, newest } = testedServers;
    for (const [from, to, expected] of [
      [oldest, newest, [previous, newest]],
      ["2.13.0", "2.15.0", [previous, "2.15.0"]],
      [oldest, previous, [previous]],
      [previous, newest, [newest]],
      ["2.14.5", "2.14.9", ["2.14.9"]],
    ] as const)
      assert.deepEqual(upgradePath(from, to), expected, `${from} to ${to}`);
  });

  it("are older or newer than those that are supported, or among them", () =>
    assert.deepEqual(["2.11.9", "2.12.1", "2.15.99", "2.16.0-RC.1"].map(outsideOfSupported), [
      "older",
      undefined,
      undefined,
      "newer",
    ]));

  it("are ordered lowest first", () =>
    assert.deepEqual(["2.15.3", "2.9.0", "2.12.11"].toSorted(byVersion), ["2.9.0", "2.12.11", "2.15.3"]));
});
