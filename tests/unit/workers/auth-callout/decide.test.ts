import assert from "node:assert/strict";
import { tokenHash } from "../../../../components/security/callout-users";
import { decider } from "../../../../workers/auth-callout/decide";
import type { CalloutUser } from "../../../../workers/messaging/contract";
import { issue, makeAuthority } from "../../../support/certificates";

type Question = Parameters<ReturnType<typeof decider>>[0];

const rights = { publish: { allow: ["a"], deny: [] }, subscribe: { allow: ["b"], deny: [] } };
const scanner: CalloutUser = {
  ...{ login: "shop-scanner", account: "shop", token: tokenHash("a token"), ...rights },
  connectionTypes: ["STANDARD"],
};
const browser: CalloutUser = {
  ...{ login: "shop-browser", account: "shop", token: tokenHash("of a browser"), ...rights },
  connectionTypes: ["STANDARD", "WEBSOCKET"],
};
const desk: CalloutUser = {
  ...{ login: "shop-desk", account: "shop", certificate: "CN=shop-desk", ...rights },
  connectionTypes: ["STANDARD"],
};

describe("the auth callout", () => {
  const decide = decider([scanner, browser, desk]);
  const asked = (
    given: Partial<Question["connect_opts"]>,
    more: Partial<Pick<Question, "client_tls" | "client_info">> = {},
  ) => {
    const decision = decide({
      server_id: { name: "iad-0", host: "", id: "N" },
      user_nkey: "U",
      client_info: { kind: "Client", type: "nats" },
      connect_opts: { protocol: 1, ...given },
      ...more,
    });
    return "user" in decision ? decision.user.login : decision.refused;
  };

  it("knows users by their token alone", () => {
    assert.equal(asked({ auth_token: "a token" }), "shop-scanner");
    assert.equal(asked({ auth_token: "another" }), "unknown token");
    assert.equal(asked({ auth_token: scanner.token }), "unknown token");
    assert.equal(asked({ user: "shop-scanner", pass: "a token" }), "no token and no certificate");
    assert.equal(asked({}), "no token and no certificate");
    for (const other of [{ user: "shop-viewer" }, { pass: "x" }, { nkey: "U" }, { jwt: "e" }])
      assert.equal(asked({ auth_token: "a token", ...other }), "more than one way to log in");
  });

  it("knows users by the whole subject of a certificate that the server has verified", async () => {
    const authority = await makeAuthority("clients");
    const by = async (name: string) => (await issue(authority, name)).cert;
    const own = await by("shop-desk");
    const shown = (certificate: string) => ({ client_tls: { verified_chains: [[certificate, authority.cert]] } });
    assert.equal(asked({}, shown(own)), "shop-desk");
    for (const other of ["shop-desk2", "SHOP-DESK", "shop-scanner", "nats iad"])
      assert.equal(asked({}, shown(await by(other))), "unknown certificate", other);
    // Shown, but not verified.
    assert.equal(asked({}, { client_tls: { certs: [own] } }), "no token and no certificate");
    assert.equal(asked({ user: "shop-viewer", pass: "wrong" }, shown(own)), "no token and no certificate");
    assert.equal(asked({ auth_token: "wrong" }, shown(own)), "unknown token");
  });

  it("refuses ways to connect that a user has not, which servers before 2.15.3 do not", () => {
    const by = (type: string, kind = "Client") => ({ client_info: { kind, type } });
    assert.equal(asked({ auth_token: "a token" }, by("websocket")), "connection type not allowed");
    assert.equal(asked({ auth_token: "of a browser" }, by("websocket")), "shop-browser");
    assert.equal(asked({ auth_token: "of a browser" }, by("mqtt")), "connection type not allowed");
    assert.equal(asked({ auth_token: "of a browser" }, by("nats", "Leafnode")), "connection type not allowed");
    assert.equal(asked({ auth_token: "of a browser" }, { client_info: {} }), "connection type not allowed");
  });
});
