import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { formatsOf } from "../../tools/offline/plugins/keys";
import { type Authority, makeAuthority } from "../support/certificates";
import type { Deployment } from "../support/deployment";
import { engineMs } from "../support/limits";
import { Regions } from "../support/regions";

/** The real engine and real servers: an authority of one's own replaces the one that was made (own-authority.md). */
describe("an authority of one's own", function () {
  this.timeout(engineMs);
  let deployment: Deployment;
  let own: Authority;
  let variables: Record<string, string>;

  before(async () => {
    own = await makeAuthority("our own CA");
    ({ deployment } = await Regions.prepare(["irisx"], { regions: ["iad", "ams"], servers: 1 }));
    deployment.succeeds("start");
    const exports = deployment.succeeds("env").matchAll(/^export (\w+)='(.*)'$/gm);
    variables = Object.fromEntries([...exports].map(([, name, value]) => [name!, value!]));
  });
  after(() => deployment?.remove());

  const setSecret = (key: string, value: string): void => {
    const { status, stderr } = spawnSync("pulumi", ["config", "set", "--stack", "local-identity", "--secret", key], {
      cwd: deployment.copy.folder,
      env: { ...deployment.copy.env, ...variables },
      input: value,
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
  };
  const clients = (trusted: number[], signing: number, supplied: number[]) =>
    deployment.set({ authorities: { clients: { trusted, signing, supplied } } });

  /** Who signed what a server shows to a client. */
  async function issuer(region: number): Promise<string> {
    const trusted = (
      JSON.parse(deployment.pulumi("stack", "output", "--stack", "local-iad", "--json")) as { ca: string }
    ).ca;
    const socket = new Socket();
    const port = deployment.basePort + region * 20;
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject).connect(port, "127.0.0.1");
      // A NATS server speaks first, then TLS begins.
      socket.once("data", () => resolve());
    });
    const shown = await new Promise<X509Certificate>((resolve, reject) => {
      const secure = connectTls({ socket, ca: trusted, servername: "localhost" }, () => {
        resolve(secure.getPeerX509Certificate()!);
        secure.destroy();
      });
      secure.once("error", reject);
    });
    return shown.issuer;
  }

  it("is refused where it is missing, before anything is done", () => {
    clients([1, 2], 1, [2]);
    const { status, text } = deployment.cli("start");
    assert.equal(status, 2, text);
    assert.match(
      text,
      /Pulumi\.local-identity\.yaml: config: clients-ca-2-cert is missing; write it: pulumi config set/,
    );
  });

  it("is refused by the identity stack, with every reason, where it cannot sign", async () => {
    const other = await makeAuthority("another CA");
    setSecret("clients-ca-2-cert", own.cert);
    setSecret("clients-ca-2-key", formatsOf(other.key).privateKeyPem);
    const { status, text } = deployment.cli("start");
    assert.equal(status, 1, text);
    assert.match(text, /the supplied authority of clients cannot be used\. Nothing was done\./);
    assert.match(text, /clients-ca-2-cert, clients-ca-2-key: the key is not the certificate's/);
    assert.doesNotMatch(text, /^\s+at /m);
    assert.ok(!text.includes(formatsOf(other.key).privateKeyPem.split("\n")[1]!));
  });

  it("is trusted first, then signs, then the one that was made goes", async () => {
    setSecret("clients-ca-2-key", formatsOf(own.key).privateKeyPem);
    assert.match(await issuer(0), /NATS clients/);
    deployment.succeeds("start");
    assert.match(await issuer(0), /NATS clients/);
    clients([1, 2], 2, [2]);
    deployment.succeeds("start");
    for (const region of [0, 1]) assert.match(await issuer(region), /our own CA/);
    clients([2], 2, [2]);
    deployment.succeeds("start");
    assert.match(await issuer(0), /our own CA/);
    deployment.pulumi("preview", "--stack", "local-identity", "--expect-no-changes");
    const stack = deployment.pulumi("stack", "export", "--stack", "local-identity");
    assert.ok(!stack.includes(formatsOf(own.key).privateKeyPem.split("\n")[1]!), "the key is encrypted in the state");
  });
});
