import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import * as path from "node:path";
import type { Access } from "../../../../operations/access/access";
import { writeContexts } from "../../../../operations/access/contexts";
import { checkedEnvironment } from "../../../../operations/settings/checked-environment";
import { ownCache } from "../../../support/own-cache";

describe("contexts of the nats CLI", () => {
  const cache = ownCache();
  const { environment } = checkedEnvironment("local");

  const access = (users: string[]): Access => ({
    name: "local",
    environment,
    ca: "PEM",
    accounts: {
      covenant: {
        users: Object.fromEntries(
          users.map((user) => [user, { login: `covenant-${user}`, password: "secret", inboxPrefix: `_INBOX_${user}` }]),
        ),
      },
    },
  });

  it("are one a user and region, readable by their owner only", () => {
    const names = writeContexts(access(["api"]), cache());
    assert.deepEqual(names, ["covenant-api-iad", "covenant-api-ams", "covenant-api-syd"]);
    const file = path.join(cache(), "nats", "context", "covenant-api-ams.json");
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(path.dirname(file)).mode & 0o777, 0o700);
    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), {
      description: "api of account covenant in ams",
      url: "tls://127.0.0.1:14240,tls://127.0.0.1:14241,tls://127.0.0.1:14242",
      user: "covenant-api",
      password: "secret",
      ca: path.join(cache(), "nats", "ca.crt"),
      inbox_prefix: "_INBOX_api",
    });
  });

  it("of a user by nkey name the file of its seed", () => {
    const known = access([]);
    known.accounts.covenant!.users.app = { login: "UAPP", password: "SUAPP", byNkey: true, inboxPrefix: "_INBOX_app" };
    writeContexts(known, cache());
    const context = path.join(cache(), "nats", "context", "covenant-app-ams.json");
    const { nkey, user, password } = JSON.parse(readFileSync(context, "utf8")) as Record<string, string>;
    assert.deepEqual([user, password, readFileSync(nkey!, "utf8")], [undefined, undefined, "SUAPP"]);
    assert.equal(statSync(nkey!).mode & 0o777, 0o600);
  });

  it("are deleted with their user", () => {
    writeContexts(access(["api", "mobile"]), cache());
    writeContexts(access(["api"]), cache());
    assert.equal(readdirSync(path.join(cache(), "nats", "context")).length, 3);
  });
});
