import { prepareFolders, pulumiVariables } from "../../engine/environment";
import { print } from "../../engine/terminal";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { quoted } from "../../config/command-lines";

/** Prints the variables for running `pulumi` on the environment by hand, for a shell to evaluate. */
export function env({ env: name }: { env: string }): void {
  const { environment } = checkedEnvironment(name);
  prepareFolders();
  for (const [variable, value] of Object.entries(pulumiVariables(environment)))
    print(`export ${variable}=${quoted(value)}`);
}
