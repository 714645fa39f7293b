import "./tools/promise-stacks.cjs";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "./config/load";
import { stackName } from "./config/stacks";
import {
  validateDegraded,
  validateFailovers,
  validateRotations,
  validateSettings,
  validateTenants,
} from "./config/rules/validate";
import { tenants as declared } from "./tenants/index";

/** Each kind of stack loads only what it needs. */
const programs: Record<Settings["stack"]["kind"], () => (settings: never) => unknown> = {
  identity: () => (require("./stacks/identity") as typeof import("./stacks/identity")).identity,
  region: () => (require("./stacks/region") as typeof import("./stacks/region")).region,
  jetstream: () => (require("./stacks/jetstream") as typeof import("./stacks/jetstream")).jetstream,
};

export = async (): Promise<unknown> => {
  const config = new pulumi.Config();
  const { environment, stack } = validateSettings(config.requireObject("environments"), config.requireObject("stack"));
  if (pulumi.getStack() !== stackName(stack)) {
    throw new pulumi.RunError(
      `stack ${pulumi.getStack()} is described in its file as ${stackName(stack)}; rename one of them. ` +
        "Nothing was done.",
    );
  }
  const tenants = validateTenants(declared, environment);
  const settings: Settings = {
    name: stack.environment,
    environment,
    stack,
    tenants,
    degraded: validateDegraded(config.getObject("degraded"), environment),
    failovers: validateFailovers(config.getObject("failover"), stack, environment, tenants),
    rotations: validateRotations(config.getObject("passwords"), stack, tenants),
  };
  return programs[stack.kind]()(settings as never);
};
