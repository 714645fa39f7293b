import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import type { Tenants } from "../config/assets/asset";
import { validateFailovers } from "../config/rules/validate";
import type { Failovers } from "../config/schema/failover";
import type { Environment } from "../config/schema/settings";
import { stackName } from "../config/stacks";

const projectFolder = path.join(__dirname, "..");

type Content = { config?: Record<string, unknown> } | null;

/**
 * Streams that failed over, as the files of the environment's jetstream stacks declare them: Pulumi gives a region
 * stack only the settings of its own file, and its servers map the subjects of all of them.
 *
 * @throws {InvalidInput} with every mistake
 */
export function declaredFailovers(name: string, environment: Environment, tenants: Tenants): Failovers {
  const declared = Object.keys(environment.jetstream).map((part) => {
    const stack = { environment: name, kind: "jetstream" as const, team: /--(.+)$/.exec(part)?.[1] };
    const file = path.join(projectFolder, `Pulumi.${stackName(stack)}.yaml`);
    // A region can be deployed before there is one.
    const content = existsSync(file) ? (parse(readFileSync(file, "utf8")) as Content) : null;
    return validateFailovers(content?.config?.[`${pulumi.getProject()}:failover`], stack, environment, tenants);
  });
  return Object.assign({}, ...declared) as Failovers;
}
