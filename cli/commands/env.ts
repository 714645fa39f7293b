import { prepareFolders, pulumiVariables } from "../../engine/environment";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { print } from "../../engine/terminal";

/** Prints the variables with which `pulumi` works on the environment by hand, for a shell to evaluate. */
export function env({ env: name }: { env: string }): void {
  const { environment } = checkedEnvironment(name);
  prepareFolders();
  for (const [variable, value] of Object.entries(pulumiVariables(environment)))
    print(`export ${variable}=${quoted(value)}`);
}

/** For a POSIX shell. */
export const quoted = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;
