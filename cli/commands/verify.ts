import { type Access, readAccess } from "../../operations/access/access";
import { Failure } from "../../engine/failure";
import { prove } from "../../operations/verify/prove";
import { type CheckedEnvironment, checkedEnvironment } from "../../operations/settings/checked-environment";
import { type Check, checksOf } from "../../operations/verify/checks";
import { connectToSystem, snapshotUntil, takeSnapshot } from "../../operations/supercluster/snapshot";
import { type Status, statusOf } from "../../operations/supercluster/status";
import { table } from "../render/table";
import { colours, plural, print, seconds } from "../../engine/terminal";

/** Mirrors copy on their own, and replicas that were down catch up. */
const settleMs = 10_000;

/** Checks everything and proves that messages pass. Fails, naming each line that failed. */
export async function verify({ env, json = false }: { env: string; json?: boolean }): Promise<void> {
  const checked = checkedEnvironment(env);
  const verification = await verifySupercluster(checked, await readAccess(checked));
  if (json) print(JSON.stringify({ ok: verification.failed.length === 0, checks: verification.checks }, undefined, 2));
  else verification.print();
  verification.throwIfFailed();
}

/** What a verification found. */
export class Verification {
  constructor(
    readonly status: Status,
    readonly checks: Check[],
    private readonly milliseconds: number,
  ) {}

  get failed(): Check[] {
    return this.checks.filter(({ result }) => result === "failed");
  }

  print(): void {
    const marks = {
      ok: colours.green("ok"),
      failed: colours.red("FAILED"),
      skipped: colours.yellow("skipped"),
      warning: colours.yellow("warning"),
    };
    print(
      `\n${table(
        ["CHECK", "", "DETAIL"],
        this.checks.map(({ name, result, detail }) => [name, marks[result], detail]),
        colours.dim,
      )}`,
    );
    print(`\n${plural(this.checks.length, "check")}, ${this.failed.length} failed, ${seconds(this.milliseconds)}`);
  }

  throwIfFailed(): void {
    if (this.failed.length === 0) return;
    const lines = this.failed.map(({ name, detail }) => `  ${name}: ${detail}`);
    throw new Failure(`${plural(lines.length, "check")} failed:\n${lines.join("\n")}`);
  }
}

/** The full check, then the proof. What has to settle is given time to. */
export async function verifySupercluster(checked: CheckedEnvironment, access: Access): Promise<Verification> {
  const started = Date.now();
  const { regions, servers } = checked.environment;
  const system = await connectToSystem(access);
  try {
    const take = () => takeSnapshot(system, regions.length * servers);
    const isGood = (snapshot: Awaited<ReturnType<typeof take>>) =>
      checksOf(checked, snapshot).every(({ result }) => result !== "failed");
    const snapshot = await snapshotUntil(take, isGood, settleMs);
    const proofs = await prove(checked, access, system, snapshot);
    // Seen again after the proof: its messages have to be in the mirrors too.
    const after = await snapshotUntil(take, isGood, settleMs);
    return new Verification(statusOf(checked, after), [...checksOf(checked, after), ...proofs], Date.now() - started);
  } finally {
    await system.close();
  }
}
