import { startConsole } from "../../console/server/serve";
import { BadUsage } from "../../engine/failure";
import { onInterrupt } from "../../engine/interrupt";
import { logProgress, print } from "../../engine/terminal";
import { checkedEnvironment } from "../../operations/settings/checked-environment";

export interface ConsoleCommand {
  env: string;
  port?: string;
}

/** Serves a live picture of an environment to browsers on this machine, until Ctrl-C. */
export async function serveConsole({ env, port }: ConsoleCommand): Promise<void> {
  const checked = checkedEnvironment(env);
  const running = await startConsole(checked, { port: port === undefined ? undefined : portOf(port) });
  print(running.url);
  logProgress("open this address in a browser on this machine; it is valid until Ctrl-C, and lets in who has it");
  const interrupted = Promise.withResolvers<void>();
  await onInterrupt(
    () => interrupted.resolve(),
    () => interrupted.promise,
  );
  await running.close();
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1_024 && port <= 65_535) return port;
  throw new BadUsage(`--port ${text}: write a whole number from 1024 to 65535`);
}
