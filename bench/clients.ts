import { checkedEnvironment } from "../operations/settings/checked-environment";
import { Crowd } from "../tests/support/crowd";
import { spread } from "./statistics";

/**
 * How long clients are affected when their accounts are reloaded and when their server dies, for which the cost of
 * password hashes and the connection limits of accounts are chosen; and how long a check of settings takes before a
 * deployment.
 */
export async function benchClients(clients: number, runs: number): Promise<string[][]> {
  const [reloads, reconnects, checks]: number[][] = [[], [], []];
  for (let run = 0; run < runs; run++) {
    const crowd = await Crowd.start(clients);
    try {
      reloads!.push(await seconds(() => crowd.addGuest()));
      reconnects!.push(await seconds(() => crowd.loseServer()));
    } finally {
      await crowd.stop();
    }
    checks!.push(await seconds(async () => void checkedEnvironment("local")));
  }
  return [
    [`${clients} clients`, "promised", "measured"],
    ["a user is added: reload of three servers", "3 s", spread(reloads!, "s")],
    ["their server is killed: all are connected again", "5 s", spread(reconnects!, "s")],
    ["settings of an environment are checked", "1 s", spread(checks!, "s")],
  ];
}

async function seconds(action: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await action();
  return (performance.now() - started) / 1000;
}
