// Prints what one stack registers, as the engine would be asked for it: the program from index.ts on, with the
// configuration of the real Pulumi.yaml and stack file, or the stack's own program with examples.ts. A process of its
// own, because Pulumi's state is one a process.
import * as pulumi from "@pulumi/pulumi";
import { stackName } from "../../config/stacks";
import { identityOutputs } from "../support/identity";
import { record, type Registration } from "../support/mocks";
import { registrationsOf } from "../support/registered-stacks";
import { stackConfig } from "../support/stack-config";
import { stackSettings } from "../support/stack-settings";
import { exampleSettings } from "./examples";
import { goldenOf } from "./golden";

async function main(stack: string): Promise<void> {
  const example = exampleSettings(stack);
  if (example) return print(await registrationsOf(example));
  const { name, environment, tenants } = stackSettings(stack);
  const identity = stackName({ environment: name, kind: "identity" });
  // Itself too, as it is before the first update.
  const identities = identityOutputs(environment, tenants);
  const references = {
    [`organization/supercluster/${stack}`]: {},
    [`organization/supercluster/${identity}`]: identities,
  };
  const calls = {
    "aws:secretsmanager/getSecretVersion:getSecretVersion": () => ({ secretString: JSON.stringify(identities.iad) }),
  };

  pulumi.runtime.setAllConfig(stackConfig(stack));
  const program = async () => (require("../../index") as () => unknown)();
  const { registrations } = await record(() => pulumi.runtime.runInPulumiStack(program), { stack, references, calls });
  print(registrations);
}

const print = (registrations: Registration[]) => void process.stdout.write(JSON.stringify(goldenOf(registrations)));

void main(process.argv[2]!);
