import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { createUser } from "@nats-io/nkeys";
import {
  type NatsConnection,
  type NKeyAuth,
  nkeyAuthenticator,
  type NodeConnectionOptions,
} from "@nats-io/transport-node";
import { accountsOf } from "../../components/security/accounts";
import { connections } from "../../components/security/connections";
import { assetsOf } from "../../config/assets/assets";
import { mounts, secrets } from "../../components/supercluster/chart-values";
import { regionSecrets } from "../../components/supercluster/region-secrets";
import { museum } from "../../docs/examples/tenants/logins";
import { connect } from "../../workers/messaging/connection/connect";
import { connectionSettings } from "../../workers/messaging/connection/settings";
import { accountsText, createAssets, localEnvironment, usersOf } from "../support/accounts";
import { kubernetesEnvironment, kubernetesSettings } from "../support/kubernetes";
import { serversMs, waitMs } from "../support/limits";
import { requestUntilHeard } from "../support/messages";
import { startSupercluster, type Supercluster } from "../support/nats";
import { quiet } from "../support/worker-lab";
import { readToolchain } from "../../tools/toolchain.mjs";

/** Users by nkey beside users by password, as the identity stack makes them: with real servers and TLS. */
describe("users that log in by nkey", function () {
  this.timeout(serversMs);
  const environment = localEnvironment({ regions: ["iad"], servers: 3, jetstream: { jetstream: ["museum"] } });
  const accounts = accountsOf(environment, { museum });
  const users = usersOf(accounts);
  let cluster: Supercluster;
  const open: NatsConnection[] = [];

  before(async () => {
    cluster = await startSupercluster({
      ...{ regions: environment.regions, servers: environment.servers, settings: environment },
      accounts: accountsText(environment, { museum }),
    });
    const provisioner = await cluster.connect("museum-provisioner", { inboxPrefix: "_INBOX_provisioner" });
    open.push(provisioner);
    await createAssets(provisioner, assetsOf(environment, { museum }), "museum");
  });
  after(async () => {
    await Promise.all(open.map((connection) => connection.close()));
    await cluster?.stop();
  });

  const variables = (login: string) => ({
    ...connections(
      { name: "iad", environment: cluster.environment, settings: { ...environment, basePort: basePort() }, accounts },
      { ...cluster.identity, users },
    )[login]!,
  });
  const basePort = () => cluster.options.basePort;

  /** Connects as workers do, by the variables that the program gives out. */
  async function as(login: string, change: Record<string, string> = {}): Promise<NatsConnection> {
    const connection = await connect(connectionSettings({ ...variables(login), ...change }), {
      name: login,
      log: quiet,
    });
    open.push(connection);
    return connection;
  }

  const refused = (options: NodeConnectionOptions) =>
    assert.rejects(
      cluster.connect("", { user: undefined, pass: undefined, reconnect: false, ...options }),
      /authorization/i,
    );
  const signing = (seed: string) => ({ authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)) });

  it("are given the seed, and no name and password", () => {
    const { NATS_NKEY_SEED, NATS_USER, NATS_PASSWORD } = variables("museum-turnstile");
    assert.match(NATS_NKEY_SEED!, /^SU[A-Z2-7]{56}$/);
    assert.deepEqual([NATS_USER, NATS_PASSWORD], [undefined, undefined]);
    const { NATS_NKEY_SEED: none, NATS_USER: name } = variables("museum-viewer");
    assert.deepEqual([none, name], [undefined, "museum-viewer"]);
  });

  it("do what is derived for them, beside those by password, and nothing else", async () => {
    const [turnstile, viewer] = await Promise.all([as("museum-turnstile"), as("museum-viewer")]);
    const heard = (async () => {
      for await (const message of viewer.subscribe("visits.>", { max: 1 })) return message.string();
      return undefined;
    })();
    await viewer.flush();
    // Lost until its server knows who listens at another.
    const repeat = setInterval(() => turnstile.publish("visits.counted", "3"), 200);
    assert.equal(await heard.finally(() => clearInterval(repeat)), "3");
    for (const subject of ["visits.bought", "$JS.API.STREAM.DELETE.VISITS"])
      await assert.rejects(turnstile.request(subject, "", { timeout: waitMs }), /permission/i);
  });

  it("take the seed from a file, too", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-seed-"));
    const file = path.join(folder, "seed");
    fs.writeFileSync(file, `${variables("museum-shop").NATS_NKEY_SEED!}\n`, { mode: 0o600 });
    try {
      const shop = await as("museum-shop", { NATS_NKEY_SEED: file });
      await assert.rejects(shop.request("visits.counted", "", { timeout: waitMs }), /permission/i);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  describe("in the box of the nats CLI", () => {
    let folder: string;
    /** The box's files where the CLI looks for them, of servers on this machine. */
    before(() => {
      folder = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-box-"));
      const settings = kubernetesEnvironment({ kubernetes: kubernetesSettings({ natsBox: { enabled: true } }) });
      const region = { name: "iad", environment: cluster.environment, settings, accounts };
      const files = regionSecrets(region, { ...cluster.identity, users })[secrets.box.name]!;
      const contexts = path.join(folder, "nats", "context");
      fs.mkdirSync(contexts, { recursive: true });
      for (const [name, text] of Object.entries(files)) {
        const here = text.replaceAll(mounts.contexts, contexts).replace(/tls:\/\/[^"]+/, cluster.urls().join(","));
        fs.writeFileSync(path.join(contexts, name), here, { mode: 0o600 });
      }
    });
    after(() => fs.rmSync(folder, { recursive: true, force: true }));

    it("have a context with the file of their seed, and no password", async () => {
      const file = path.join(folder, "nats", "context", "museum-turnstile.json");
      const { nkey, url, ca, inbox_prefix, ...rest } = JSON.parse(fs.readFileSync(file, "utf8")) as Record<
        string,
        string
      >;
      assert.deepEqual(Object.keys(rest), ["description"]);
      const connection = await cluster.connect("", {
        ...{ user: undefined, pass: undefined, inboxPrefix: inbox_prefix },
        ...{ servers: url!.split(","), tls: { caFile: ca }, ...signing(fs.readFileSync(nkey!, "utf8")) },
      });
      open.push(connection);
      const stored = await requestUntilHeard(connection, "visits.counted", "1");
      assert.equal(stored.json<{ stream: string }>().stream, "VISITS");
    });

    const cli = readToolchain().nats;
    // npm test does not install it: node tools/toolchain.mjs nats
    if (cli && fs.existsSync(cli))
      it("publish by the CLI itself, and are refused what is not theirs", async () => {
        const nats = (context: string, ...args: string[]) =>
          promisify(execFile)(cli, ["--context", context, ...args], {
            env: { ...process.env, XDG_CONFIG_HOME: folder },
            timeout: waitMs,
          });
        const asked = async (subject: string) => {
          const { stdout, stderr } = await nats("museum-turnstile", "request", "--timeout", "5s", subject, "2");
          return stdout + stderr;
        };
        assert.match(await asked("visits.counted"), /"stream": *"VISITS"/);
        assert.match(await asked("visits.bought"), /permissions violation/i);
      });
  });

  it("are refused with another key, another user's public key, no signature, or the seed as a password", async () => {
    await refused(signing(new TextDecoder().decode(createUser().getSeed())));
    const [own, other] = ["museum-turnstile", "museum-shop"].map((login) => users[login]!);
    const forged = (nonce?: string) => {
      const { sig } = nkeyAuthenticator(new TextEncoder().encode(other!.password))(nonce) as NKeyAuth;
      return { sig, nkey: own!.hash };
    };
    await refused({ authenticator: forged });
    await refused({ authenticator: () => ({ sig: "", nkey: own!.hash }) });
    await refused({ user: "museum-turnstile", pass: own!.password });
    await refused({ user: own!.hash, pass: own!.password });
    await refused({ token: own!.password });
  });
});
