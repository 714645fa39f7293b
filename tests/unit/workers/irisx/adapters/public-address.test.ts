import assert from "node:assert/strict";
import { isPublic, PrivateAddressError, publicLookup } from "../../../../../workers/irisx/adapters/public-address";

describe("public addresses", () => {
  for (const address of ["1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700:4700::1111"])
    it(`${address} is one`, () => assert.ok(isPublic(address)));

  for (const address of [
    "127.0.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:a00:1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "ff02::1",
  ])
    it(`${address} is none`, () => assert.ok(!isPublic(address)));

  it("refuse a name that is at a private one, before a connection is opened", async () => {
    for (const all of [true, false]) {
      const error = await new Promise((resolve) => publicLookup("localhost", { all }, resolve));
      assert.ok(error instanceof PrivateAddressError);
      assert.match(error.message, /^localhost is at (127\.0\.0\.1|::1), not an address of the internet$/);
    }
  });
});
