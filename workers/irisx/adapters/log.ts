import type { Sender } from "./sender";

/** Writes one log line a message and sends nothing: the default, so that a clone of the project reaches no one. */
export const logSender = <T extends { id: string }>(
  write: (line: string, fields: { id: string }) => void,
  what: string,
  setting: string,
): Sender<T> => ({
  provider: "log",
  send({ id }) {
    write(`${what} is not sent, only logged: ${setting} is "log"`, { id });
    return Promise.resolve({ outcome: "logged" });
  },
  close: () => Promise.resolve(),
});
