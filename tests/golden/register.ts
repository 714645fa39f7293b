// Prints what one stack registers, as the engine would be asked for it: the program from index.ts on, with the
// configuration of the real Pulumi.yaml and stack file. A process of its own, because Pulumi's state is one a process.
import * as pulumi from "@pulumi/pulumi";
import { validateSettings } from "../../config/validate";
import { stackName } from "../../config/stack-name";
import { tenants } from "../../tenants";
import { identityOutputs } from "../support/identity";
import { record } from "../support/mocks";
import { stackConfig } from "../support/stack-config";
import { goldenOf } from "./golden";

async function main(stack: string): Promise<void> {
  const config = stackConfig(stack);
  const json = (key: string): unknown => JSON.parse(config[`supercluster:${key}`]!);
  const settings = validateSettings(json("environments"), json("stack"));
  const identity = stackName({ environment: settings.stack.environment, kind: "identity" });
  const references = { [`organization/supercluster/${identity}`]: identityOutputs(settings.environment, tenants) };

  pulumi.runtime.setAllConfig(config);
  const { registrations } = await record(() => pulumi.runtime.runInPulumiStack(async () => (require("../../index") as () => unknown)()), { stack, references });
  process.stdout.write(JSON.stringify(goldenOf(registrations)));
}

void main(process.argv[2]!);
