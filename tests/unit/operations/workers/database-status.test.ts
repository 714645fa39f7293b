import assert from "node:assert/strict";
import { once } from "node:events";
import * as net from "node:net";
import { renderStatus } from "../../../../cli/render/status";
import { checkedEnvironment } from "../../../../operations/settings/checked-environment";
import { statusOf } from "../../../../operations/supercluster/status";
import { databaseChecks } from "../../../../operations/verify/databases";
import { databaseStatuses } from "../../../../operations/workers/database-status";
import type { RegionOutputs } from "../../../../stacks/outputs";
import { healthySnapshot } from "../../../support/healthy-snapshot";

const checked = checkedEnvironment("local");

describe("the status of the databases of local workers", () => {
  /** What a server answers to each client; empty: nothing, it closes. */
  const answers: string[] = [];
  const server = net.createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(answers.shift() ?? ""));
  });
  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => server.close());

  const port = () => (server.address() as net.AddressInfo).port;
  const of = (database: RegionOutputs["database"]) =>
    databaseStatuses(checked, (stack) =>
      stack === "local-iad" ? Promise.resolve({ database }) : Promise.reject(new Error("not deployed")),
    );
  const deployed = (at = port()) => of({ accounts: ["arrakis", "irisx"], port: at, urls: {} });

  it("is up where it takes logins; not while it starts, nor where something else or nothing answers", async () => {
    answers.push("R\0\0\0\x0a", "E\0\0\0\x0a", "HTTP/1.1 400", "");
    const found = [];
    while (answers.length) found.push((await deployed())[0]!.isUp);
    assert.deepEqual(found, [true, false, false, false]);
    assert.deepEqual(await deployed(9), [
      { region: "iad", accounts: ["arrakis", "irisx"], address: "127.0.0.1:9", isUp: false },
    ]);
  });

  it("is checked: one that does not answer fails, and none at all is said", async () => {
    answers.push("R");
    const [up, down, none] = [await deployed(), await deployed(9), await of({ accounts: ["irisx"], urls: {} })];
    assert.deepEqual(
      databaseChecks([...up, ...down, ...none], "local").map(({ name, result, detail }) => [name, result, detail]),
      [
        ["database of workers iad", "ok", `PostgreSQL at 127.0.0.1:${port()} for arrakis, irisx`],
        ["database of workers iad", "failed", "PostgreSQL at 127.0.0.1:9 takes no logins; start it again: npm start"],
        [
          "database of workers iad",
          "skipped",
          "this machine has no PostgreSQL: each worker has an embedded database of its own (docs/workers.md)",
        ],
      ],
    );
    const text = renderStatus(statusOf(checked, healthySnapshot(checked), { databases: [...up, ...down, ...none] }));
    assert.match(text, new RegExp(`iad +postgres://127\\.0\\.0\\.1:${port()} +up +arrakis, irisx`));
    assert.match(text, /iad +postgres:\/\/127\.0\.0\.1:9 +does not answer +arrakis, irisx/);
    assert.match(text, /iad +embedded, one each +irisx/);
  });

  it("is absent without workers", async () => {
    assert.deepEqual(await of(undefined), []);
    assert.ok(!("databases" in statusOf(checked, healthySnapshot(checked))));
  });
});
