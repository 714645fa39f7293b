/**
 * Cases that mostly wait, by what they prove: all of them run at once, after the `before` hooks above, and each is told
 * by a test of its own.
 */
export function sideBySide(cases: Record<string, () => Promise<void>>): void {
  let running: Record<string, Promise<void>>;
  before(async () => {
    running = Object.fromEntries(Object.entries(cases).map(([what, run]) => [what, run()]));
    await Promise.allSettled(Object.values(running));
  });
  for (const what of Object.keys(cases)) it(what, () => running[what]);
}
