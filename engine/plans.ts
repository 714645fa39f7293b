import { existsSync, mkdirSync } from "node:fs";
import * as path from "node:path";
import { BadUsage } from "./failure";

/** Folder of saved plans, a file for each stack. What is secret in them is encrypted as in the stack's state. */
export class Plans {
  constructor(private readonly folder: string) {}

  /** Makes the folder, closed to others. */
  prepare(): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
  }

  fileOf = (stack: string): string => path.join(path.resolve(this.folder), `${stack}.json`);

  /** Refuses to apply some plans and make up the rest. */
  require(stacks: string[]): void {
    const missing = stacks.filter((stack) => !existsSync(this.fileOf(stack)));
    if (missing.length)
      throw new BadUsage(
        `${this.folder} has no plan of ${missing.join(", ")}; save them: npm run deploy -- --dry-run --plan ${this.folder}. Nothing was done.`,
      );
  }

  /** A plan belongs to a stack; one that is still to be made cannot have any. */
  static refuseNew(stacks: string[]): void {
    if (stacks.length === 0) return;
    throw new BadUsage(
      `plans cannot be saved of stacks that do not exist yet: ${stacks.join(", ")}. Make them (pulumi stack init <stack>), or leave out --plan. Nothing was done.`,
    );
  }
}

/** Engine's options, experimental ones. */
export const plansEnv = { PULUMI_EXPERIMENTAL: "true" };
