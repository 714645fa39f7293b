import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { stringify } from "yaml";
import { partialPlan } from "../config/partial-plan";
import { backendUrlOf } from "./environment";
import type { ProjectFiles } from "./project";

/**
 * A backend for previews of stacks that do not exist yet, because a preview must not create them. The outputs of other
 * stacks are unknown in it, so plans are partial.
 */
export class ThrowawayBackend {
  private readonly folder = mkdtempSync(path.join(os.tmpdir(), "supercluster-preview-"));

  constructor(private readonly project: ProjectFiles) {
    mkdirSync(path.join(this.folder, "state"));
    writeFileSync(path.join(this.folder, "Pulumi.yaml"), stringify({ name: project.name, runtime: "nodejs" }));
  }

  /** Writes the stack's settings without its secrets provider. Returns the arguments that create the stack here. */
  add(stack: string): { init: string[]; options: string[] } {
    const { config } = (this.project.stacks[stack] ?? {}) as { config?: unknown };
    const file = path.join(this.folder, `Pulumi.${stack}.yaml`);
    writeFileSync(file, stringify({ config }));
    return {
      init: ["stack", "init", stack, "--no-select", "--non-interactive", "--cwd", this.folder],
      options: ["--config-file", file],
    };
  }

  readonly env = {
    PULUMI_BACKEND_URL: backendUrlOf(path.join(this.folder, "state")),
    PULUMI_CONFIG_PASSPHRASE: "thrown away",
    [partialPlan]: "true",
  };

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
