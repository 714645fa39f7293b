import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { connectTo, readAccess } from "../operations/access/access";
import { pulumiEnvironment } from "../engine/environment";
import { projectFolder } from "../engine/project";
import { type CheckedEnvironment, checkedEnvironment } from "../operations/settings/checked-environment";
import { provisioner, systemAccount } from "../config/assets/standard";
import { spread } from "./statistics";

/** `npm start` of the local environment: from nothing, and with nothing to change; then its memory and its state. */
export async function benchStart(runs: number): Promise<string[][]> {
  const first: number[] = [];
  const second: number[] = [];
  npm("stop");
  for (let run = 0; run < runs; run++) {
    first.push(npm("start"));
    second.push(npm("start"));
    if (run < runs - 1) npm("stop");
  }
  const checked = checkedEnvironment("local");
  const writes = await countWrites(checked, () => npm("start"));
  await sleep(60_000);
  const { servers, mebibytes } = residentMemory();
  const shares = stateShares(checked);
  return [
    ["npm start", "measured"],
    ["from nothing running to verified", spread(first, "s")],
    ["again, nothing to change", spread(second, "s")],
    ["requests that changed configuration, of the last (servers' own count)", String(writes)],
    [`resident memory of ${servers} servers, 60 s after verify`, `${mebibytes.toFixed(0)} MiB`],
    ["state of a stream or consumer", spread(shares, "bytes", 0)],
  ];
}

function npm(script: string): number {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", script], {
    cwd: projectFolder,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`npm run ${script} failed:\n${stdout}\n${stderr}`);
  const seconds = (performance.now() - started) / 1000;
  process.stderr.write(`npm ${script}: ${seconds.toFixed(1)} s\n`);
  return seconds;
}

/** Number of requests that change streams or consumers while something runs, by the advisories of every account. */
async function countWrites(checked: CheckedEnvironment, run: () => void): Promise<number> {
  const access = await readAccess(checked);
  const region = checked.environment.regions[0]!;
  const accounts = Object.keys(access.accounts).filter((account) => account !== systemAccount.name);
  const connections = await Promise.all(accounts.map((account) => connectTo(access, region, account, provisioner)));
  let writes = 0;
  for (const connection of connections) {
    connection.subscribe("$JS.EVENT.ADVISORY.API", {
      callback: (_, message) => {
        if (/\.(CREATE|UPDATE|DELETE|PURGE|RESTORE|PAUSE|RESET)\./.test(message.json<{ subject: string }>().subject))
          writes++;
      },
    });
  }
  await Promise.all(connections.map((connection) => connection.flush()));
  run();
  await sleep(1_000);
  await Promise.all(connections.map((connection) => connection.close()));
  return writes;
}

function residentMemory(): { servers: number; mebibytes: number } {
  const { stdout } = spawnSync("ps", ["-eo", "rss=,args="], { encoding: "utf8" });
  const sizes = stdout
    .split("\n")
    .filter((line) => line.includes("nats-server") && line.includes("/environments/local/"))
    .map((line) => Number(line.trim().split(/\s+/)[0]));
  return { servers: sizes.length, mebibytes: sizes.reduce((sum, size) => sum + size, 0) / 1024 };
}

function stateShares({ environment, stacks }: CheckedEnvironment): number[] {
  return stacks.jetstream.flatMap((stack) => {
    const { stdout } = spawnSync("pulumi", ["stack", "export", "--stack", stack], {
      cwd: projectFolder,
      env: pulumiEnvironment(environment),
      encoding: "utf8",
      maxBuffer: 256 * 1024 ** 2,
    });
    const { deployment } = JSON.parse(stdout) as { deployment: { resources: { type: string }[] } };
    return deployment.resources
      .filter(({ type }) => type.startsWith("pulumi-nodejs:dynamic/nats:"))
      .map((resource) => JSON.stringify(resource).length);
  });
}
