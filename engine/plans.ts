import { existsSync, mkdirSync } from "node:fs";
import * as path from "node:path";
import { npmRun } from "../config/command-lines";
import { BadUsage } from "./failure";

/** Folder of saved plans, a file for each stack. What is secret in them is encrypted as in the stack's state. */
export class Plans {
  constructor(private readonly folder: string) {}

  /** Creates the folder, readable by its owner only. */
  prepare(): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
  }

  fileOf = (stack: string): string => path.join(path.resolve(this.folder), `${stack}.json`);

  /** @throws {BadUsage} when a plan is missing: what was not planned must not be applied beside what was. */
  require(stacks: string[], environment: string): void {
    const missing = stacks.filter((stack) => !existsSync(this.fileOf(stack)));
    if (missing.length)
      throw new BadUsage(
        `${this.folder} has no plan for ${missing.join(", ")}; save them: ` +
          `${npmRun("deploy", environment, ["--dry-run", "--plan", this.folder])}. Nothing was done.`,
      );
  }

  /** @throws {BadUsage} for stacks that do not exist yet: a plan belongs to an existing stack. */
  static refuseNew(stacks: string[]): void {
    if (stacks.length === 0) return;
    throw new BadUsage(
      `plans cannot be saved for stacks that do not exist yet: ${stacks.join(", ")}. ` +
        "Create them (pulumi stack init <stack>), or leave out --plan. Nothing was done.",
    );
  }
}

/** Saved plans are an experimental option of the engine. */
export const plansEnv = { PULUMI_EXPERIMENTAL: "true" };
