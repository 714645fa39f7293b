import type { Settings } from "../../config/load";
import type { StackSettings } from "../../config/schema/settings";
import { validateSettings, validateTenants } from "../../config/rules/validate";
import { tenants } from "../../tenants";
import { stackConfig } from "./stack-config";

/** The settings that index.ts gives to a stack's program, from the real files. */
export function stackSettings<Kind extends StackSettings["kind"]>(stack: string): Settings<Kind> {
  const config = stackConfig(stack);
  const json = (key: string): unknown => JSON.parse(config[`supercluster:${key}`]!);
  const { environment, stack: own } = validateSettings(json("environments"), json("stack"));
  return {
    name: own.environment,
    environment,
    stack: own,
    tenants: validateTenants(tenants, environment),
    degraded: [],
  } as unknown as Settings<Kind>;
}
