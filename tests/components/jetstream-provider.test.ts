import * as assert from "node:assert/strict";
import { JetstreamProvider } from "../../components/jetstream/jetstream-provider";
import type { ConnectionSettings } from "../../components/jetstream/provider/settings";
import { isSecret, record, unsecret } from "../support/mocks";

const login = { login: "sys-admin", password: "the password", inboxPrefix: "_INBOX_admin" };
const connection: ConnectionSettings = {
  owner: "supercluster/test",
  regions: [],
  ca: "the CA",
  provisioners: { covenant: login },
  system: login,
};

describe("JetstreamProvider", () => {
  it("is one provider with one secret setting, under the project's prefix, by which its process finds it", async () => {
    const { registrations } = await record(() => new JetstreamProvider("jetstream", connection));
    assert.deepEqual(
      registrations.map(({ type, name }) => [type, name]),
      [["pulumi:providers:pulumi-nodejs", "jetstream"]],
    );
    const { inputs } = registrations[0]!;
    assert.deepEqual(Object.keys(inputs), ["supercluster:connection"]);
    assert.ok(isSecret(inputs["supercluster:connection"]));
    assert.deepEqual(JSON.parse(unsecret(inputs["supercluster:connection"]) as string), connection);
  });

  it("shows policies the environment in plain text, and nothing else", async () => {
    const environment = {
      target: "local",
      servers: 3,
      storage: { file: "90GiB", memory: "1GiB" },
      basePort: 14220,
    } as const;
    const { registrations } = await record(() => new JetstreamProvider("jetstream", connection, environment));
    const { basePort: _, ...told } = environment;
    assert.deepEqual(JSON.parse(registrations[0]!.inputs["supercluster:environment"] as string), told);
  });
});
