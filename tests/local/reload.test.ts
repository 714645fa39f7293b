import assert from "node:assert/strict";
import { files, type LocalServerInputs } from "../../components/local/layout";
import { writeAll } from "../../components/local/provider/files";
import { observe } from "../../components/local/provider/observe";
import { filesOf, folderOf, stateOf } from "../../components/local/provider/record";
import { hangUp } from "../../components/local/provider/reload";
import { classify, reloadable } from "../../components/supercluster/reload";
import { Supercluster } from "../support/nats";

type Change = (server: LocalServerInputs) => void;

const set =
  (path: string, value: (before: never) => unknown): Change =>
  ({ config }) => {
    const keys = path.split(".");
    const last = keys.pop()!;
    const block = keys.reduce<Record<string, never>>((inner, key) => inner[key]!, config as never);
    block[last] = value(block[last]!) as never;
  };

/** Points the configuration at a copy of a file. */
const moveFile =
  (path: string, part: "certificates" | "secrets"): Change =>
  (server) =>
    set(path, (name) => {
      server[part][`${name}.copy`] = server[part][name]!;
      return `${name}.copy`;
    })(server);

const elsewhere = (address: string): string => address.replace(/\d+$/, (port) => String(Number(port) + 50));

/** A change of every path, with what the table should say of it. */
const changes: [path: string, action: "reload" | "restart", change: Change][] = [
  ["server_name", "restart", set("server_name", () => "other")],
  ["listen", "restart", set("listen", elsewhere)],
  ["http", "restart", set("http", elsewhere)],
  ["max_payload", "reload", set("max_payload", () => 1024 ** 2)],
  ["lame_duck_duration", "restart", set("lame_duck_duration", () => "40s")],
  ["lame_duck_grace_period", "restart", set("lame_duck_grace_period", () => "2s")],
  ["pid_file", "reload", set("pid_file", () => "other.pid")],
  ["tls.cert_file", "reload", moveFile("tls.cert_file", "certificates")],
  ["tls.key_file", "reload", moveFile("tls.key_file", "secrets")],
  ["tls.timeout", "reload", set("tls.timeout", () => 20)],
  ["cluster.name", "restart", set("cluster.name", () => "other")],
  ["cluster.listen", "restart", set("cluster.listen", elsewhere)],
  [
    "cluster.routes",
    "reload",
    set("cluster.routes", (routes: never) => [...(routes as string[]), "tls://127.0.0.1:1"]),
  ],
  ["cluster.no_advertise", "reload", set("cluster.no_advertise", () => false)],
  ["cluster.compression", "reload", set("cluster.compression", () => "off")],
  ["cluster.tls.cert_file", "reload", moveFile("cluster.tls.cert_file", "certificates")],
  ["cluster.tls.key_file", "reload", moveFile("cluster.tls.key_file", "secrets")],
  ["cluster.tls.ca_file", "reload", moveFile("cluster.tls.ca_file", "certificates")],
  ["cluster.tls.verify", "reload", set("cluster.tls.verify", () => false)],
  ["gateway.name", "restart", set("gateway.name", () => "other")],
  ["gateway.listen", "restart", set("gateway.listen", elsewhere)],
  ["gateway.advertise", "restart", set("gateway.advertise", elsewhere)],
  ["gateway.reject_unknown_cluster", "restart", set("gateway.reject_unknown_cluster", () => false)],
  [
    "gateway.gateways",
    "restart",
    set("gateway.gateways", (all: never) => [...(all as object[]), { name: "x", urls: ["tls://127.0.0.1:1"] }]),
  ],
  ["gateway.tls.cert_file", "reload", moveFile("gateway.tls.cert_file", "certificates")],
  ["gateway.tls.key_file", "reload", moveFile("gateway.tls.key_file", "secrets")],
  ["gateway.tls.ca_file", "reload", moveFile("gateway.tls.ca_file", "certificates")],
  ["gateway.tls.verify", "reload", set("gateway.tls.verify", () => false)],
  ["jetstream.store_dir", "restart", set("jetstream.store_dir", () => "other")],
  ["jetstream.max_file_store", "reload", set("jetstream.max_file_store", (size) => size * 2)],
  ["jetstream.max_file_store", "restart", set("jetstream.max_file_store", (size) => size / 2)],
  ["jetstream.max_memory_store", "reload", set("jetstream.max_memory_store", (size) => size * 2)],
  ["jetstream.max_memory_store", "restart", set("jetstream.max_memory_store", (size) => size / 2)],
  ["jetstream.sync_interval", "restart", set("jetstream.sync_interval", () => "1m")],
  ["jetstream.sync_interval", "restart", set("jetstream.sync_interval", () => "always")],
  ["jetstream.cipher", "restart", set("jetstream.cipher", () => "chacha")],
  ["jetstream.conf", "restart", ({ secrets }) => void (secrets[files.jetstreamKey] = 'encryption_key: "other"\n')],
  ["system_account", "restart", set("system_account", () => "app")],
  ["accounts.conf", "reload", ({ secrets }) => void (secrets[files.accounts] += "# changed\n")],
  ["tls/peer-ca.crt", "reload", ({ certificates }) => void (certificates[files.peerCa] += "\n")],
];

describe("table of reloadable settings, against a real server", () => {
  let cluster: Supercluster;
  let running: LocalServerInputs;
  before(async () => {
    cluster = await Supercluster.prepare({ regions: ["iad"] });
    await cluster.ensure();
    running = cluster.inputs()["iad-0"]!;
  });
  after(() => cluster?.stop());

  for (const [path, action, change] of changes) {
    it(`${path}: the server ${action === "reload" ? "applies" : "rejects"} it`, async () => {
      const wanted = JSON.parse(JSON.stringify(running)) as LocalServerInputs;
      change(wanted);
      assert.equal(classify(stateOf(running, "1"), stateOf(wanted, "1")).action, action);
      await writeAll(folderOf(wanted), filesOf(wanted));
      const { rejection } = await hangUp(running, (await observe(running))!.process);
      assert.equal(rejection === undefined ? "reload" : "restart", action, rejection);
      if (action === "reload") running = wanted;
    });
  }

  it("has a change above for each row, and for each setting that the configuration has", () => {
    const tried = changes.map(([path]) => path);
    const paths = leaves(running.config).filter((path) => !path.endsWith("$include"));
    assert.deepEqual(
      paths.filter((path) => !tried.includes(path)),
      [],
    );
    const rows = reloadable.filter(
      ({ path }) => !tried.some((known) => known === path || known.startsWith(path.replace(/\*$/, ""))),
    );
    assert.deepEqual(rows, []);
  });
});

const leaves = (block: object, prefix = ""): string[] =>
  Object.entries(block).flatMap(([key, value]) =>
    typeof value === "object" && !Array.isArray(value) ? leaves(value as object, `${prefix}${key}.`) : [prefix + key],
  );
