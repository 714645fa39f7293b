/**
 * For a suite in which each test begins where the one before it ends: after a failure the rest of it is not run.
 * (Mocha's `bail` ends the whole run where files run in parallel.)
 */
export function inSteps(): void {
  let failed: string | undefined;
  afterEach(function () {
    if (this.currentTest!.state === "failed") failed = this.currentTest!.title;
  });
  beforeEach(() => {
    if (failed !== undefined) throw new Error(`not run, because this failed before it: ${failed}`);
  });
}
