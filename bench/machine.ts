import * as os from "node:os";

/** The machine and the program that figures are of. */
export const machine = (): string =>
  `${os.cpus().length} x ${os.cpus()[0]?.model.trim()}, ${process.platform} ${os.release()}, node ${process.version}`;
