// Mocha's spec output, and for .ci/run the counts in the file that SUPERCLUSTER_TEST_REPORT names.
const { writeFileSync } = require("node:fs");
const { reporters } = require("mocha");

const graceSeconds = 20;

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once("end", () => {
      const { passes, failures } = this.stats;
      if (process.env.SUPERCLUSTER_TEST_REPORT) writeFileSync(process.env.SUPERCLUSTER_TEST_REPORT, `${passes} ${failures}\n`);
      // Something that a test left open keeps the process alive, for ever where nobody looks on. Unref: this timer does not.
      setTimeout(() => {
        console.error(`tests are over for ${graceSeconds} s and the process does not end; open: ${process.getActiveResourcesInfo().join(", ")}`);
        process.exit(1);
      }, graceSeconds * 1000).unref();
    });
  }
};
