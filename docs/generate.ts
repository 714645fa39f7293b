import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { gapsOf } from "./generator/gaps";
import { listenersPage } from "./generator/listeners";
import { page } from "./generator/page";
import { policiesPage } from "./generator/policies";
import { sharingPage } from "./generator/sharing";
import { statusPage } from "./generator/status";
import { systemsPage } from "./generator/systems/page";
import { tables } from "./generator/tables";

/** Writes every page; docs/streams.md only where no argument's comment leaves something out. */
writeFileSync(path.join(__dirname, "listeners.md"), listenersPage());
writeFileSync(path.join(__dirname, "policies.md"), policiesPage());
writeFileSync(path.join(__dirname, "sharing.md"), sharingPage());
writeFileSync(path.join(__dirname, "status.md"), statusPage());
writeFileSync(path.join(__dirname, "systems.md"), systemsPage());
const gaps = tables.flatMap((table) => table.arguments.flatMap(gapsOf));
if (gaps.length) {
  process.stderr.write(`docs/streams.md was not written:\n${gaps.map((gap) => `  ${gap}\n`).join("")}`);
  process.exitCode = 1;
} else {
  writeFileSync(path.join(__dirname, "streams.md"), page());
}
