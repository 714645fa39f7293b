// Start of every provider process: loads TypeScript, and exits with its engine. A killed engine leaves its plugins
// behind,
// and an orphan would go on waiting for servers or hold connections open.
const { execFileSync } = require("node:child_process");
const { readFileSync } = require("node:fs");

require("sucrase/register/ts");

// The plugin is started by a shell script that stays in between, so the engine is the parent's parent.
const engine = parentOf(process.ppid);
setInterval(
  () => parentOf(process.ppid) !== engine && process.exit(1),
  process.platform === "linux" ? 1_000 : 10_000,
).unref();

function parentOf(pid) {
  try {
    // Field 4 of stat; the command before it may hold spaces and brackets.
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ")[1];
    return execFileSync("ps", ["-o", "ppid=", "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}
