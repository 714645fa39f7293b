import { plural } from "../../config/plural";
import { Failure } from "../../engine/failure";
import { print } from "../../engine/terminal";
import { diagnose } from "../../operations/doctor/doctor";
import { parts } from "../../operations/doctor/findings";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { problemList } from "../render/status";

/**
 * Prints what is wrong with an environment, problems first, each with what to do.
 * @throws {Failure} where there is a problem
 */
export async function doctor({
  env,
  backups,
  json = false,
}: {
  env: string;
  backups?: string;
  json?: boolean;
}): Promise<void> {
  const diagnosis = await diagnose(checkedEnvironment(env), backups);
  const { findings, looked } = diagnosis;
  print(
    json
      ? JSON.stringify(diagnosis, undefined, 2)
      : `looked at ${looked.map((part) => parts[part]).join("; ")}\n\n${problemList(findings)}`,
  );
  const problems = findings.filter(({ severity }) => severity === "problem");
  if (problems.length > 0) throw new Failure(`${plural(problems.length, "problem")}, see above`);
}
