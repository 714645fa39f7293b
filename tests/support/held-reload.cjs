// Loaded by NODE_OPTIONS into the Node processes of a command (deployment.ts): the one that is about to tell a certain
// server to read its files again stops there for good, and writes a file that shows it.
const { execFileSync } = require("node:child_process");
const { writeFileSync } = require("node:fs");

const { HELD_SERVER: server, HELD_FILE: file } = process.env;
const kill = process.kill.bind(process);

process.kill = (pid, signal) => {
  if (signal !== "SIGHUP" || !argumentsOf(pid).includes(`/${server}/`)) return kill(pid, signal);
  writeFileSync(file, "");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};

const argumentsOf = (pid) => execFileSync("ps", ["-ww", "-o", "args=", "-p", String(pid)], { encoding: "utf8" });
