import { readFileSync } from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import type { Tenants } from "../config/assets/asset";
import { validateFailovers } from "../config/rules/validate";
import type { Failovers } from "../config/schema/failover";
import type { Environment } from "../config/schema/settings";
import { stackName } from "../config/stacks";

const projectFolder = path.join(__dirname, "..");

/**
 * Streams that failed over, as the files of the environment's jetstream stacks declare them: Pulumi gives a region
 * stack only the settings of its own file, and its servers map the subjects of all of them.
 *
 * @throws {InvalidInput} with every mistake
 */
export function declaredFailovers(name: string, environment: Environment, tenants: Tenants): Failovers {
  const declared = Object.keys(environment.jetstream).map((part) => {
    const stack = { environment: name, kind: "jetstream" as const, team: /--(.+)$/.exec(part)?.[1] };
    const file = parse(readFileSync(path.join(projectFolder, `Pulumi.${stackName(stack)}.yaml`), "utf8")) as {
      config?: Record<string, unknown>;
    } | null;
    return validateFailovers(file?.config?.[`${pulumi.getProject()}:failover`], stack, environment, tenants);
  });
  return Object.assign({}, ...declared) as Failovers;
}
