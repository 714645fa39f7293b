// One line a step. Colours and lines that rewrite themselves only on a terminal.

/** A log for people: `step` reports what was done, `progress` how far a long step is, `warn` what to know. */
export function createLog(stream = process.stderr) {
  const terminal = Boolean(stream.isTTY);
  const colour = terminal && !process.env.NO_COLOR;
  const name = (text) => (colour ? `\x1b[36m${text}\x1b[0m` : text);
  let open = false;
  let last = 0;

  const line = (text) => {
    stream.write(`${open ? "\r\x1b[K" : ""}${text}\n`);
    open = false;
  };
  return {
    step: (tool, text) => line(`${name(tool)}: ${text}`),
    warn: (tool, text) => line(`${name(tool)}: ${colour ? `\x1b[33m${text}\x1b[0m` : text}`),
    progress(tool, text) {
      const now = Date.now();
      // In a file, a line every ten seconds is enough to see that it is alive.
      if (now - last < (terminal ? 200 : 10_000)) return;
      last = now;
      if (!terminal) return line(`${tool}: ${text}`);
      stream.write(`\r\x1b[K${name(tool)}: ${text}`.slice(0, (stream.columns ?? 100) + 12));
      open = true;
    },
  };
}

/** An error that a person can act on: its message is all there is to show. */
export class ToolchainError extends Error {}
