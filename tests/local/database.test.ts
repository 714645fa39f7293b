import * as assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { databaseUrl, type LocalDatabaseInputs } from "../../components/local/database-layout";
import { takesLogins } from "../../components/local/postgres-ping";
import { databaseProvider } from "../../components/local/provider/database-provider";
import { runningPostgres, startPostgres } from "../../components/local/provider/postgres";
import { installedPostgres } from "../../components/local/provider/postgres-programs";
import { environmentDir } from "../../config/cache";
import { startOf } from "../../tools/processes.mjs";
import { requestMs, serversMs } from "../support/limits";
import { projectFolder } from "../support/project-copy";
import { runFolder, userFolder } from "../support/run";

/** Real servers, of whatever PostgreSQL this machine has. */
describe("the database server of local workers", function () {
  this.timeout(serversMs);
  const cache = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-database-"));
  const usual = process.env.SUPERCLUSTER_CACHE;
  const passwords = { shop: "0passwordOfShop", bank: "0passwordOfBank" };
  const inputs = (own: Record<string, string> = passwords): LocalDatabaseInputs => ({
    environment: "database-test",
    region: "iad",
    passwords: own,
  });
  const folder = () => path.join(environmentDir("database-test"), "iad", "database");
  const pid = async () => (await runningPostgres(folder()))!.pid;
  let id: string;
  let outputs: Awaited<ReturnType<typeof databaseProvider.create>>["outs"];

  const update = async (own?: Record<string, string>) => {
    outputs = (await databaseProvider.update(id, outputs!, inputs(own))).outs;
  };

  before(async () => {
    process.env.SUPERCLUSTER_CACHE = cache;
    ({ id, outs: outputs } = (await databaseProvider.create(inputs())) as { id: string; outs: typeof outputs });
  });
  after(async () => {
    await databaseProvider.delete(id, outputs!);
    if (usual === undefined) delete process.env.SUPERCLUSTER_CACHE;
    else process.env.SUPERCLUSTER_CACHE = usual;
    fs.rmSync(cache, { recursive: true, force: true });
  });

  /** Runs a statement in a database as a role. */
  async function query(text: string, change: { role?: string; database?: string; password?: string } = {}) {
    const { role = "shop", database = role, password = passwords.shop } = change;
    const url = new URL(databaseUrl(role, password, outputs!.port!));
    url.pathname = `/${database}`;
    const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: requestMs });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  }

  it("has a database for each account, in which it may do everything", async () => {
    await query("create schema shop");
    await query("create table shop.orders as select 1 as id");
    // Another connection, as of another worker.
    assert.deepEqual(await query("select id from shop.orders"), [{ id: 1 }]);
    assert.deepEqual(await query("select 1 as one", { role: "bank", password: passwords.bank }), [{ one: 1 }]);
  });

  it("lets no role into another's database, and no one in as the superuser or without the password", async () => {
    for (const [change, why] of [
      [{ database: "bank" }, /no pg_hba.conf entry/],
      [{ database: "postgres" }, /no pg_hba.conf entry/],
      [{ role: "postgres" }, /password authentication failed/],
      [{ password: passwords.bank }, /password authentication failed/],
    ] as const)
      await assert.rejects(query("select 1", change), why);
    const [rights] = await query("select rolsuper, rolcreaterole, rolcreatedb from pg_roles where rolname = 'shop'");
    assert.deepEqual(rights, { rolsuper: false, rolcreaterole: false, rolcreatedb: false });
  });

  it("listens on 127.0.0.1 alone, without a Unix socket", async () => {
    // Its own record: folder of the socket, address.
    const [, , , , sockets, listens] = fs
      .readFileSync(path.join(folder(), "data", "postmaster.pid"), "utf8")
      .split("\n");
    assert.deepEqual([sockets, listens], ["", "127.0.0.1"]);
    const other = Object.values(os.networkInterfaces()).flatMap((all) => all ?? []);
    for (const { address, family, internal } of other) {
      if (family !== "IPv4" || internal) continue;
      await assert.rejects(
        new Promise((resolve, reject) => net.connect(outputs!.port!, address, () => resolve(0)).once("error", reject)),
        /ECONNREFUSED/,
      );
    }
  });

  it("never runs as root, and no one else can read its files, which have no password", async () => {
    const owner = fs.statSync(path.join(folder(), "data")).uid;
    const status = fs.readFileSync(`/proc/${await pid()}/status`, "utf8");
    assert.equal(/^Uid:\t(\d+)/m.exec(status)?.[1], String(owner));
    assert.notEqual(owner, 0);
    assert.equal(fs.statSync(folder()).mode & 0o077, 0);
    assert.equal(fs.statSync(path.join(folder(), "data")).mode & 0o077, 0);
    const files = fs.globSync("**/*", { cwd: folder(), withFileTypes: true }).filter((entry) => entry.isFile());
    assert.ok(files.length > 500);
    const texts = files.map(({ parentPath, name }) => fs.readFileSync(path.join(parentPath, name), "latin1"));
    texts.push(fs.readFileSync(`/proc/${await pid()}/cmdline`, "latin1"));
    texts.push(fs.readFileSync(`/proc/${await pid()}/environ`, "latin1"));
    texts.push(JSON.stringify(outputs));
    for (const password of Object.values(passwords))
      assert.deepEqual(
        texts.filter((text) => text.includes(password)),
        [],
      );
  });

  it("goes on running while nothing has changed", async () => {
    const earlier = await pid();
    assert.equal((await databaseProvider.diff(id, outputs!, inputs())).changes, undefined);
    assert.ok((await databaseProvider.read(id, outputs!)).props);
    await update();
    assert.equal(await pid(), earlier);
  });

  it("is started again when it was killed, at the same address and with what it stored", async () => {
    const [earlier, { port }] = [await pid(), outputs!];
    process.kill(earlier, "SIGKILL");
    while (startOf(earlier)) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(await takesLogins(port!), false);
    assert.equal((await databaseProvider.diff(id, outputs!, inputs())).changes, true);
    assert.deepEqual(await databaseProvider.read(id, outputs!), {});
    await update();
    assert.notEqual(await pid(), earlier);
    assert.equal(outputs!.port, port);
    assert.deepEqual(await query("select id from shop.orders"), [{ id: 1 }]);
  });

  it("starts where another process has got the pid of an earlier server", async () => {
    process.kill(await pid(), "SIGKILL");
    const file = path.join(folder(), "data", "postmaster.pid");
    const lines = fs.readFileSync(file, "utf8").split("\n");
    const other = execFile("sleep", ["600"], { uid: fs.statSync(file).uid });
    try {
      fs.writeFileSync(file, [String(other.pid), ...lines.slice(1)].join("\n"));
      assert.equal(await runningPostgres(folder()), undefined);
      await update();
      assert.deepEqual(await query("select id from shop.orders"), [{ id: 1 }]);
      assert.ok(startOf(other.pid!), "that process was left alone");
    } finally {
      other.kill();
    }
  });

  it("changes passwords and accounts; what a removed account stored stays, and it may not log in", async () => {
    const changed = { bank: "1passwordOfBank", "my-depot": "1password'OfDepot" };
    const before = outputs!;
    await update(changed);
    await assert.rejects(query("select 1"), /password authentication failed|not permitted to log in/);
    await assert.rejects(query("select 1", { role: "bank", password: passwords.bank }), /password authentication/);
    for (const [role, password] of Object.entries(changed))
      assert.deepEqual(await query("select 1 as one", { role, password: encodeURIComponent(password) }), [{ one: 1 }]);
    // A run that is killed here leaves the earlier inputs in the engine's state, which may be declared again.
    assert.equal((await databaseProvider.diff(id, before, inputs())).changes, true);
    await update();
    assert.deepEqual(await query("select id from shop.orders"), [{ id: 1 }]);
  });

  it("ends when it is deleted; its data stays, also for other passwords", async () => {
    const earlier = await pid();
    await databaseProvider.delete(id, outputs!);
    assert.equal(startOf(earlier), "");
    const other = { shop: "2passwordOfShop" };
    outputs = (await databaseProvider.create(inputs(other))).outs;
    assert.deepEqual(await query("select id from shop.orders", { password: other.shop }), [{ id: 1 }]);
  });

  it("says what to do where its data is of a version that this machine does not have", async () => {
    await databaseProvider.delete(id, outputs!);
    const file = path.join(folder(), "data", "PG_VERSION");
    const version = fs.readFileSync(file);
    fs.writeFileSync(file, "9\n");
    await assert.rejects(update(), /has data of PostgreSQL 9, and this machine has [\d, ]+\. Install version 9, or/);
    fs.writeFileSync(file, version);
  });

  it("reports what PostgreSQL says where it cannot start", async () => {
    const [programs] = await installedPostgres();
    await assert.rejects(
      startPostgres(programs!, folder(), outputs!.port!, { shared_buffers: "lots" }),
      (error: Error) => {
        assert.match(error.message, /database ended while it started; fix what its log reports and run this again/);
        assert.match(error.message, /invalid value for parameter "shared_buffers": "lots"/);
        return true;
      },
    );
    fs.appendFileSync(path.join(folder(), "data", "postgresql.conf"), "shared_buffers = a lot\n");
    await assert.rejects(update(), /postgres failed:[\s\S]*syntax error/);
  });

  it("is absent, and that is said, where this machine has no PostgreSQL", async () => {
    const isolated = ["PATH", "SUPERCLUSTER_CACHE"].map((name) => [name, process.env[name]] as const);
    const platform = Object.getOwnPropertyDescriptor(process, "platform")!;
    const said: string[] = [];
    const [glob, report] = [fs.globSync, console.error];
    try {
      Object.assign(process.env, { PATH: "", SUPERCLUSTER_CACHE: path.join(cache, "none") });
      Object.assign(fs, { globSync: () => [] });
      console.error = (line: string) => void said.push(line);
      // One that npm has no package for.
      Object.defineProperty(process, "platform", { value: "aix" });
      const { id: own, outs } = await databaseProvider.create(inputs());
      assert.equal("port" in outs!, false);
      assert.equal((await databaseProvider.diff(own, outs!, inputs())).changes, undefined);
      assert.ok((await databaseProvider.read(own, outs!)).props);
      await databaseProvider.delete(own, outs!);
    } finally {
      Object.defineProperty(process, "platform", platform);
      Object.assign(process.env, Object.fromEntries(isolated));
      Object.assign(fs, { globSync: glob });
      console.error = report;
    }
    assert.match(said.join("\n"), /^iad: no PostgreSQL that runs here was found, .*apt-get install -y postgresql/);
  });

  it("of an ordinary user runs as that user, and as nobody under root", async () => {
    const isRoot = process.getuid!() === 0;
    const own = fs.mkdtempSync(path.join(os.tmpdir(), "database-user-"));
    const user = isRoot ? { uid: 65_534, gid: 65_534 } : {};
    if (isRoot) {
      fs.chownSync(own, user.uid!, user.gid!);
      // Through, not into: others still cannot list them.
      for (const parent of [userFolder, runFolder]) fs.chmodSync(parent, 0o711);
    }
    const script = `
      const { databaseProvider: provider } = require("./components/local/provider/database-provider");
      const name = { environment: "own", region: "ams" };
      provider.create({ ...name, passwords: { shop: "secret" } }).then(async ({ id, outs }) => {
        const { takesLogins } = require("./components/local/postgres-ping");
        const answers = await takesLogins(outs.port);
        await provider.delete(id, outs);
        console.log(JSON.stringify({ answers, ended: !(await takesLogins(outs.port)) }));
      });`;
    const { stdout } = await promisify(execFile)(process.execPath, ["-r", "./tools/runtime.cjs", "-e", script], {
      ...user,
      cwd: projectFolder,
      env: { PATH: process.env.PATH, SUPERCLUSTER_CACHE: own, TMPDIR: own },
    });
    assert.deepEqual(JSON.parse(stdout), { answers: true, ended: true });
    assert.equal(
      fs.statSync(path.join(own, "environments/own/ams/database/data")).uid,
      isRoot ? 65_534 : os.userInfo().uid,
    );
    fs.rmSync(own, { recursive: true, force: true });
  });
});
