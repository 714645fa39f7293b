import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { Failure } from "../../engine/failure";
import { type Access, readAccess } from "../../operations/access/access";
import { keeping, withDeadLetters } from "../../operations/dead-letters/dead-letters";
import type { CheckedEnvironment } from "../../operations/settings/checked-environment";
import { openStatus } from "../../operations/supercluster/read-status";
import { consoleApp } from "./app";
import { Gatherer, type GathererOptions } from "./gatherer";
import { newToken } from "./guard";

export interface ConsoleOptions {
  /** Default: any that is free. */
  port?: number;
  /** Default: it is read once, which takes a process of Pulumi. */
  access?: Access;
  /** What is looked at; default: the servers of the environment. */
  open?: GathererOptions["open"];
  /** Milliseconds between two looks while a page is open. Default: 2000. */
  paceMs?: number;
}

export interface RunningConsole {
  /** With the token, in the part of the address that a browser keeps to itself. */
  url: string;
  close(): Promise<void>;
}

/**
 * Serves the console of an environment on 127.0.0.1. It starts although no region answers: it says so, and looks again.
 *
 * @throws {Failure} when the environment is not deployed, or the port is taken
 */
export async function startConsole(
  checked: CheckedEnvironment,
  { port = 0, access: given, open, paceMs }: ConsoleOptions = {},
): Promise<RunningConsole> {
  const access = given ?? (await readAccess(checked));
  const token = newToken();
  const gatherer = new Gatherer(checked, {
    open: open ?? ((completed) => openStatus(checked, access, completed)),
    paceMs,
  });
  let bound = port;
  const app = consoleApp({
    ...{ environment: checked.name, token, port: () => bound, gatherer },
    letters: async (account, work) => {
      const tenant = keeping(checked, account);
      return withDeadLetters(checked, account, (own) => work(own, tenant), access);
    },
  });
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  } catch (error) {
    await gatherer.close();
    throw new Failure(`port ${port} could not be opened: ${(error as Error).message}; pass another one with --port`);
  }
  bound = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${bound}/#token=${token}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await gatherer.close();
    },
  };
}
