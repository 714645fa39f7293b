import { createColors } from "picocolors";

type Stream = NodeJS.WriteStream;

const isColoured = (stream: Stream): boolean =>
  Boolean(stream.isTTY) && !process.env.NO_COLOR && process.env.TERM !== "dumb";

/** Colours for standard output, and for standard error, where progress is printed. */
export const colours = createColors(isColoured(process.stdout));
export const progressColours = createColors(isColoured(process.stderr));

/** One line of progress: on standard error, so that standard output stays the command's result. */
export const logProgress = (line: string): void => void process.stderr.write(`${line}\n`);

export const print = (line: string): void => void process.stdout.write(`${line}\n`);

export const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
