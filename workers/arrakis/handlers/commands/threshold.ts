import { type HandlerPorts, replying } from "../interaction";
import type { HandlerFn } from "../registry";

/** `/threshold`: what each tier asks for. */
export const createThresholdHandler = (ports: HandlerPorts): HandlerFn =>
  replying(ports, () =>
    Promise.resolve({ content: ports.tiers.map(({ name, threshold }) => `${name}: ${threshold}`).join("\n") }),
  );
