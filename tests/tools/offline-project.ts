import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A project with a local environment "here" and another one "there", and an identity stack of each. */
export function writeProject(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const environments = { here: { target: "local" }, there: { target: "kubernetes" } };
  write("Pulumi.yaml", {
    name: "supercluster",
    runtime: "nodejs",
    config: { environments: { type: "object", default: environments } },
  });
  for (const environment of ["here", "there", "gone"]) {
    write(`Pulumi.${environment}-identity.yaml`, {
      config: { "supercluster:stack": { environment, kind: "identity" } },
    });
  }
  write("Pulumi.bare.yaml", { config: {} });
  return folder;

  // YAML reads JSON.
  function write(file: string, content: object) {
    writeFileSync(join(folder, file), JSON.stringify(content));
  }
}
