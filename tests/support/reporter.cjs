// Mocha's spec output with the time of each part and what failed at its end, and for .ci/run the counts in the file
// that SUPERCLUSTER_TEST_REPORT names: the numbers of passed and failed, then a line for each that failed.
const { writeFileSync } = require("node:fs");
const { relative, sep } = require("node:path");
const { reporters } = require("mocha");

const graceSeconds = 20;

/** `unit` of tests/unit/config/units.test.ts. */
const partOf = ({ file }) => (file ? relative(`${__dirname}/..`, file).split(sep)[0] : "tests");

/** What a program printed ends with why it failed. */
const oneLine = (text) => {
  const line = text.replace(/\s+/g, " ");
  return line.length > 800 ? `${line.slice(0, 300)} ... ${line.slice(-500)}` : line;
};

/** What went wrong first: a property's own message is mostly the values that it failed with. */
const reasonOf = (error) => {
  const message = String(error?.message ?? error);
  return error?.cause ? `${reasonOf(error.cause)} (${oneLine(message)})` : oneLine(message);
};

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const parts = new Map();
    const add = (runnable, change) => {
      const part = parts.get(partOf(runnable)) ?? { passed: 0, failed: 0, milliseconds: 0 };
      parts.set(partOf(runnable), { ...part, ...change(part) });
    };
    runner.on("pass", (test) => add(test, ({ passed }) => ({ passed: passed + 1 })));
    const failed = [];
    runner.on("fail", (test, error) => {
      add(test, (part) => ({ failed: part.failed + 1 }));
      failed.push(`  ${test.fullTitle()}: ${reasonOf(error)}`);
    });
    // What a part takes are its tests, and the hooks that start servers for them.
    for (const event of ["test end", "hook end"])
      runner.on(event, (one) => add(one, ({ milliseconds }) => ({ milliseconds: milliseconds + (one.duration ?? 0) })));
    runner.once("end", () => {
      console.log("time by part, of files that may run side by side:");
      for (const [name, { passed, failed, milliseconds }] of [...parts].sort()) {
        console.log(
          `  ${name.padEnd(12)} ${(milliseconds / 1000).toFixed(1).padStart(7)} s   ${passed} passed, ${failed} failed`,
        );
      }
      if (failed.length) console.log(["failed:", ...failed].join("\n"));
      const { passes, failures } = this.stats;
      if (process.env.SUPERCLUSTER_TEST_REPORT)
        writeFileSync(process.env.SUPERCLUSTER_TEST_REPORT, `${[`${passes} ${failures}`, ...failed].join("\n")}\n`);
      // Something that a test left open keeps the process alive, without end in CI. Unref: this timer does not.
      setTimeout(() => {
        console.error(
          `tests are over for ${graceSeconds} s and the process does not end; open: ` +
            process.getActiveResourcesInfo().join(", "),
        );
        process.exit(1);
      }, graceSeconds * 1000).unref();
    });
  }
};
