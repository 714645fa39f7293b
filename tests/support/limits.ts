/*
 * How long tests may take, in milliseconds. Nothing here measures the machine: a limit only ends what hangs, and holds
 * on one that is several times slower and busy with other work. What is promised about speed is measured in bench/.
 * Tests of pure code have the default of .mocharc.json.
 */

/** A wait for one condition, or a command. */
export const waitMs = 2 * 60_000;

/** An answer of a server, where the test waits for nothing else. */
export const requestMs = 30_000;

/** A test or hook with real servers, or with several processes. */
export const serversMs = 10 * 60_000;

/** A test or hook that runs the engine, perhaps on every stack. */
export const engineMs = 20 * 60_000;
