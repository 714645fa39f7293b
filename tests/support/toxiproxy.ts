import { type Toxic, Toxiproxy as Server } from "../../operations/drills/toxiproxy";
import { blockSize, claimPorts } from "./ports";
import { testTool } from "./tools";

export type { Toxic, ToxicProxy } from "../../operations/drills/toxiproxy";
export type Toxiproxy = Server;

/** Requests arrive, answers get lost. Taking it away ends the connections: a stream with a hole in it is of no use. */
export const lostAnswers: Toxic = { type: "timeout", stream: "downstream", attributes: { timeout: 0 } };

/** On ports that no other test has: one that the system chose could be taken while its proxy is down. */
export const Toxiproxy = {
  start: async (): Promise<Server> =>
    Server.start(testTool("toxiproxy-server"), { first: await claimPorts(), count: blockSize }),
};
