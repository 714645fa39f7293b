import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import type { NatsConnection } from "@nats-io/transport-node";
import { parseDocument } from "yaml";
import { backendUrlOf, pulumiEnvironment } from "../../engine/environment";
import type { Row } from "../../operations/plan/rows";
import type { JetstreamIdentity, RegionOutputs } from "../../stacks/outputs";
import { ConfigurationWrites } from "../support/configuration-writes";
import { ask } from "../support/accounts";
import { Acknowledgements } from "../support/acknowledgements";
import { engineMs } from "../support/limits";
import { requestUntilHeard } from "../support/messages";
import { startSupercluster, type Supercluster } from "../support/nats";
import { claimPorts } from "../support/ports";
import { copyProject } from "../support/project-copy";

const regions = ["iad", "ams"];

const orders = {
  subjects: ["orders.>"],
  retention: "limits",
  storage: "file",
  replicas: 1,
  maxAge: "7d",
  maxBytes: "16MiB",
  maxMsgs: 1_000,
  discard: "old",
};
const mail = { ...orders, subjects: ["mail.>"], maxBytes: "8MiB" };
const billing = { mode: "pull", streams: ["ORDERS"], ackPolicy: "explicit", deliverPolicy: "all" };
const tenant = { name: "app", home: "iad", streams: { ORDERS: orders, MAIL: mail }, consumers: { billing }, users: {} };

/**
 * The command as a process, on the real engine, program and servers. Only keys and servers are the test's own, and two
 * stacks that just name them.
 */
describe("npm run plan and npm run import", function () {
  this.timeout(engineMs);
  const copy = copyProject();
  const env = {
    ...pulumiEnvironment({ target: "local" }, "jetstream"),
    PULUMI_BACKEND_URL: backendUrlOf(`${copy.cache}/state`),
  };
  let cluster: Supercluster;
  let app: NatsConnection;
  let writes: ConfigurationWrites;

  const run = promisify(execFile);
  const pulumi = (...args: string[]) => run("pulumi", [...args, "--non-interactive"], { cwd: copy.folder, env });
  const write = (file: string, text: string) => fs.writeFileSync(path.join(copy.folder, file), text);
  const declare = (change: { streams?: object; consumers?: object }) =>
    write("wanted.json", JSON.stringify({ app: { ...tenant, ...change } }));
  // Not tenants.json: it would be loaded in the place of tenants/.
  const tenantsOfTest = 'export const tenants = JSON.parse(require("node:fs").readFileSync("wanted.json", "utf8"));\n';
  const init = (stack: string) => pulumi("stack", "init", stack, "--no-select");
  const bringUp = (stack: string, ...flags: string[]) =>
    pulumi("up", "--stack", stack, "--yes", "--skip-preview", ...flags);
  async function cli(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
    const command = run(process.execPath, ["-r", "./tools/runtime.cjs", "cli/index.ts", ...args], {
      cwd: copy.folder,
      env: copy.env,
    });
    const {
      code = 0,
      stdout,
      stderr,
    }: { code?: number; stdout: string; stderr: string } = await command.catch(
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
    return { status: code, stdout, stderr };
  }
  async function plan(): Promise<{ status: number; rows: Row[]; summary: string; stderr: string }> {
    const { status, stdout, stderr } = await cli("plan", "--json");
    assert.ok(stdout, stderr);
    const { stacks, summary } = JSON.parse(stdout) as { stacks: { changes: Row[] }[]; summary: string };
    return { status, rows: stacks.flatMap(({ changes }) => changes), summary, stderr };
  }

  before(async () => {
    const basePort = await claimPorts();
    fs.mkdirSync(path.join(copy.cache, "state"), { mode: 0o700 });
    const project = parseDocument(fs.readFileSync(path.join(copy.folder, "Pulumi.yaml"), "utf8"));
    const environments = ["config", "environments", "default"];
    project.deleteIn([...environments, "production"]);
    for (const [key, value] of Object.entries({ regions, basePort, servers: 1, jetstream: { jetstream: ["app"] } }))
      project.setIn([...environments, "local", key], value);
    write("Pulumi.yaml", String(project));
    fs.rmSync(path.join(copy.folder, "Pulumi.local-syd.yaml"));
    write("tenants/index.ts", tenantsOfTest);
    for (const kind of ["identity", "region"])
      write(
        `stacks/${kind}.ts`,
        `export const ${kind} = () => JSON.parse(require("node:fs").readFileSync("${kind}.json", "utf8"));\n`,
      );
    declare({});

    [cluster] = await Promise.all([
      startSupercluster({ regions, basePort }),
      ...["local-identity", "local-iad"].map(init),
    ]);
    const [{ clientCa: ca }, user] = [
      cluster.identity,
      (name: string) => ({ login: name, password: name, inboxPrefix: `_INBOX_${name}` }),
    ];
    const jetstream: JetstreamIdentity = { ca, provisioners: { app: user("app") }, system: user("admin") };
    const outputs: Pick<RegionOutputs, "ca" | "accounts"> = {
      ca,
      accounts: { app: { users: { provisioner: user("app") } } },
    };
    write("identity.json", JSON.stringify({ jetstream }));
    write("region.json", JSON.stringify(outputs));
    await Promise.all(["local-identity", "local-iad"].map((stack) => bringUp(stack)));
  });

  after(async () => {
    await writes?.stop();
    await app?.close();
    await cluster?.stop();
    copy.remove();
  });

  it("plan ends with 1 before the first up, and says so", async () => {
    const { status, stderr } = await cli("plan");
    assert.deepEqual(
      [
        status,
        /stack local-jetstream does not exist yet, so an up would create all of it; run: npm start/.test(stderr),
      ],
      [1, true],
      stderr,
    );
  });

  describe("once it was brought up", () => {
    before(async () => {
      await init("local-jetstream");
      await bringUp("local-jetstream");
      app = await cluster.connect("app");
      for (let index = 0; index < 100; index++)
        await requestUntilHeard(app, index % 2 ? "orders.placed" : "mail.sent", "x".repeat(1_000));
      writes = await ConfigurationWrites.watch(cluster);
    });

    it("import writes a tenant file and says what comes of it; never over another one unasked", async () => {
      const { status, stdout, stderr } = await cli("import", "--account", "app");
      assert.equal(status, 0, stderr);
      assert.match(
        stdout,
        /^tenants\/app\.ts: 2 streams, 0 mirrors, 1 durable of app\n\nThe first up writes nothing to any server/,
      );
      const again = await cli("import", "--account", "app");
      assert.deepEqual(
        [again.status, /tenants\/app\.ts exists already; .*--force/.test(again.stderr)],
        [2, true],
        again.stderr,
      );
    });

    it("plan ends with 0 where there is nothing to do, as with the tenant that was imported", async () => {
      write("tenants/index.ts", 'import { app } from "./app";\nexport const tenants = { app };\n');
      const { status, rows, summary, stderr } = await plan();
      assert.deepEqual([status, rows, summary], [0, [], "nothing to change"], stderr);
      write("tenants/index.ts", tenantsOfTest);
    });

    it("plan ends with 0 where nothing is lost, with every field that would change", async () => {
      declare({ streams: { ...tenant.streams, ORDERS: { ...orders, maxMsgs: 2_000, maxAge: "14d" } } });
      const { status, rows, stderr } = await plan();
      assert.equal(status, 0, stderr);
      assert.deepEqual(
        rows.map(({ id, class: name, fields }) => ({ id, name, fields })),
        [
          {
            id: "app/ORDERS",
            name: "in place",
            fields: [
              { field: "maxMsgs", from: 1_000, to: 2_000 },
              { field: "maxAge", from: "7d", to: "14d" },
            ],
          },
        ],
      );
    });

    it("plan ends with 0 for a new tenant: what is created, although no server knows its account yet", async () => {
      const file = path.join(copy.folder, "Pulumi.yaml");
      const before = fs.readFileSync(file, "utf8");
      const project = parseDocument(before);
      project.setIn(["config", "environments", "default", "local", "jetstream", "jetstream"], ["app", "acme"]);
      write("Pulumi.yaml", String(project));
      const acme = {
        ...{ name: "acme", home: "iad", users: {}, consumers: { billing } },
        streams: { ORDERS: { ...orders, adopt: true, maxAge: "unlimited" } },
      };
      write("wanted.json", JSON.stringify({ app: tenant, acme }));
      const { status, stdout, stderr } = await cli("plan", "--json");
      write("Pulumi.yaml", before);
      assert.equal(status, 0, stderr + stdout);
      const { stacks } = JSON.parse(stdout) as { stacks: { changes: Row[]; warnings: string[] }[] };
      const [{ changes, warnings }] = stacks as [(typeof stacks)[number]];
      assert.deepEqual(
        changes.map((row) => [row.id, row.class, row.unknown]),
        ["acme/CANARY", "acme/CANARY/canary", "acme/ORDERS", "acme/ORDERS/billing"].map((id) => [
          id,
          "create",
          undefined,
        ]),
      );
      assert.deepEqual(warnings, [
        "account acme is not deployed yet: a deployment creates it in every region before its streams",
      ]);
    });

    it("plan ends with 1 for a refusal, with its reason and cost, and what is not refused", async () => {
      declare({ streams: { ORDERS: { ...orders, maxMsgs: 10 }, MAIL: { ...mail, maxMsgs: 2_000 } } });
      const { status, rows, stderr } = await plan();
      assert.equal(status, 1, stderr);
      assert.match(stderr, /an up would be refused: app\/ORDERS/);
      assert.deepEqual(
        rows.map(({ id, class: name }) => [id, name]),
        [
          ["app/ORDERS", "refused"],
          ["app/MAIL", "in place"],
        ],
      );
      assert.match(
        rows[0]!.reasons.join(),
        /^maxMsgs: would drop 40 of 50 messages, 4\d\.\d KiB; consumer billing is 50 behind; to allow it: allowDataLoss/,
      );
    });

    it("plan ends with 3 where a deletion that the engine allows would lose messages or a position", async () => {
      declare({ streams: { ORDERS: orders }, consumers: {} });
      const { status, rows, stderr } = await plan();
      assert.equal(status, 3, stderr);
      assert.match(
        stderr,
        /no allowDataLoss covers these losses:\n *app\/MAIL: would delete 50 of 50 messages.*\n *app\/ORDERS\/billing: would lose the position among 50 of 50 messages/,
      );
      assert.deepEqual(
        rows.map(({ id, class: name }) => [id, name]),
        [
          ["app/MAIL", "delete"],
          ["app/ORDERS/billing", "delete"],
        ],
      );
    });

    it("both have changed nothing on any server", async () => {
      await ask(app, "INFO");
      assert.deepEqual(writes.of(), []);
    });

    describe("subjects that move between streams", () => {
      const subjects = (...all: string[]) => ({ ...orders, subjects: all, maxBytes: "8MiB", maxMsgs: 100_000 });
      const giving = { allowDataLoss: [{ change: "subjects", maxMessages: 1_000_000 }] };
      const queue = { ...subjects("jobs.>"), retention: "workqueue" };
      const worker = (filter: string) => ({ ...billing, streams: ["JOBS"], filterSubjects: [filter] });
      const streams = {
        ORDERS: { ...subjects("orders.placed", "orders.us.>"), ...giving },
        EU: { ...subjects("orders.eu.>"), deletionPolicy: "retain" },
        LEFT: subjects("left", "swapped.a"),
        RIGHT: subjects("right", "swapped.b"),
        JOBS: queue,
        MAIL: mail,
        "MAIL-EU": subjects("eu.mail"),
      };
      const consumers = {
        billing: { ...billing, streams: ["ORDERS", "MAIL-EU"] },
        "EU-billing": { ...billing, streams: ["MAIL"] },
        audit: { ...billing, streams: ["MAIL-EU"] },
        first: worker("jobs.a"),
      };
      const moved = {
        ...streams,
        ORDERS: subjects("orders.>"),
        EU: { ...subjects("parked.EU.>"), ...giving, deletionPolicy: "retain" },
        LEFT: { ...subjects("left", "swapped.b"), ...giving },
        RIGHT: { ...subjects("right", "swapped.a"), ...giving },
      };
      const subjectsOf = async (name: string) =>
        ((await ask(app, `STREAM.INFO.${name}`)).config as { subjects: string[] }).subjects;
      // Until the first up ORDERS keeps a thousand messages.
      const everyMs = 100;
      const whatMoves = ["orders.eu.b", "swapped.a", "swapped.b"];
      const neighbours = ["orders.us.a", "orders.placed", "mail.sent", "left", "right"];

      it("a stream is split in one up, and durables whose names used to collide are created", async () => {
        declare({ streams, consumers });
        const publishers = new Acknowledgements(app, ["orders.eu.a", "orders.us.a", "mail.sent"], everyMs);
        const { stderr, stdout } = await bringUp("local-jetstream");
        await publishers.stop();
        assert.deepEqual(
          [await subjectsOf("ORDERS"), await subjectsOf("EU")],
          [["orders.placed", "orders.us.>"], ["orders.eu.>"]],
          stdout + stderr,
        );
        for (const subject of ["orders.us.a", "mail.sent"]) assert.equal(publishers.refused(subject), 0);
        assert.deepEqual(publishers.streams("orders.eu.a"), ["ORDERS", "EU"]);
        assert.deepEqual(await publishers.lost("orders.eu.a"), []);
      });

      it("streams are merged, two swap, filters of a work queue pass on: as planned, in one up", async () => {
        // As it was named before.
        const { deployment } = JSON.parse((await pulumi("stack", "export", "--stack", "local-jetstream")).stdout) as {
          deployment: { resources: { urn: string }[] };
        };
        const audit = deployment.resources.find(({ urn }) => urn.endsWith("::app/MAIL-EU/audit"))!.urn;
        await pulumi("state", "rename", "--stack", "local-jetstream", "--yes", audit, "app-MAIL-EU-audit");

        // As an application's createOrUpdate leaves it: without limits, and without the mark of its stack.
        await ask(app, "STREAM.UPDATE.MAIL-EU", { name: "MAIL-EU", subjects: ["eu.mail"], storage: "file" });

        declare({ streams: moved, consumers: { ...consumers, first: worker("jobs.b"), second: worker("jobs.a") } });
        const { status, rows, stderr } = await plan();
        assert.equal(status, 0, stderr);
        assert.deepEqual(
          rows.map(({ id, class: name, notes }) => [id, name, ...notes.map((note) => note.replace(/: .*/, ""))]),
          [
            ["app/EU", "loses messages"],
            ["app/LEFT", "loses messages", "takes swapped.b from RIGHT"],
            ["app/RIGHT", "loses messages", "takes swapped.a from LEFT"],
            ["app/JOBS/second", "create"],
            ["app/JOBS/first", "in place"],
            ["app/MAIL-EU", "in place"],
            ["app/ORDERS", "in place", "takes orders.> from EU"],
          ],
        );
        const publishers = new Acknowledgements(app, [...whatMoves, ...neighbours], everyMs);
        const { stdout } = await bringUp("local-jetstream", "--refresh");
        await publishers.stop();
        assert.doesNotMatch(stdout, /deleted|replaced/);
        const { config } = (await ask(app, "STREAM.INFO.MAIL-EU")) as {
          config: { max_msgs: number; metadata: Record<string, string> };
        };
        assert.equal(config.max_msgs, 100_000);
        assert.match(config.metadata["supercluster.owner"]!, /\/local-jetstream$/);
        for (const [name, { subjects: wanted }] of Object.entries(moved))
          assert.deepEqual(await subjectsOf(name), wanted);
        for (const subject of neighbours) assert.equal(publishers.refused(subject), 0, subject);
        for (const subject of whatMoves) {
          assert.equal(publishers.streams(subject).length, 2, subject);
          assert.deepEqual(await publishers.lost(subject), [], subject);
        }
      });

      it("a renamed stream is refused, and one that is retained though the environment is local", async () => {
        const { EU: _, MAIL: __, ...others } = moved;
        declare({
          streams: { ...others, POST: mail, ORDERS: { ...moved.ORDERS, maxMsgs: 200_000 } },
          consumers: {
            billing: consumers.billing,
            first: worker("jobs.b"),
            second: worker("jobs.a"),
            audit: consumers.audit,
          },
        });
        const before = writes.of().length;
        const { status, rows, stderr } = await plan();
        assert.equal(status, 1, stderr);
        const reasons = Object.fromEntries(
          rows.filter((row) => row.class === "refused").map((row) => [row.id, row.reasons.join()]),
        );
        assert.deepEqual(Object.keys(reasons).sort(), ["app-POST", "app/EU"]);
        assert.match(
          reasons["app-POST"]!,
          /^subjects: mail\.> is captured by stream MAIL \(error 10065\).*Take two releases/,
        );
        assert.match(reasons["app/EU"]!, /is protected/);
        assert.equal(writes.of().length, before);
      });
    });
  });
});
