import { assetsOf } from "../../config/assets/assets";
import { InvalidInput, type Problem, unknownName } from "../../config/problems";
import type { CheckedEnvironment } from "../settings/checked-environment";
import type { Problem as Found, Status } from "./status";

/** What of a status is asked for; all of it without any. */
export interface StatusSelection {
  account?: string;
  /** Of the account; where none is given, of any. */
  stream?: string;
}

/** @throws {InvalidInput} where the settings have no such account or stream */
export function assertSelection(
  { account, stream }: StatusSelection,
  { environment, tenants }: Pick<CheckedEnvironment, "environment" | "tenants">,
): void {
  const problems: Problem[] = [];
  if (account !== undefined && !(account in tenants))
    problems.push({ path: "--account", message: unknownName(account, "an account", Object.keys(tenants)) });
  const streams = assetsOf(environment, tenants)
    .streams.filter((asset) => account === undefined || problems.length > 0 || asset.account === account)
    .map(({ name }) => name);
  if (stream !== undefined && !streams.includes(stream))
    problems.push({ path: "--stream", message: unknownName(stream, "a stream", [...new Set(streams)]) });
  if (problems.length > 0) throw new InvalidInput(problems, "options");
}

/**
 * The status of one account or stream: what is of no account stays where it is a problem of all. A stream is shown with
 * its mirrors. Pure.
 */
export function selected(status: Status, { account, stream }: StatusSelection): Status {
  if (account === undefined && stream === undefined) return status;
  const isOf = (one: { account: string; stream: string; mirrorOf?: string }) =>
    (account === undefined || one.account === account) &&
    (stream === undefined || one.stream === stream || one.mirrorOf === stream);
  const byName = <S extends { account: string; name: string; mirrorOf?: string }>(streams: S[]) =>
    streams.filter(({ name, ...one }) => isOf({ ...one, stream: name }));
  const ofAccount = <O extends { account: string }>(all: O[]) =>
    all.filter((one) => account === undefined || one.account === account);
  const problemsOf = (problems: Found[]): Found[] =>
    problems
      .filter(
        (problem) =>
          problem.account === undefined ||
          (ofAccount([{ account: problem.account }]).length > 0 &&
            (stream === undefined || problem.stream === undefined || problem.stream === stream)),
      )
      .map(({ follows, ...problem }) => ({ ...problem, ...(follows && { follows: problemsOf(follows) }) }));
  return {
    ...status,
    ...(status.problems && { problems: problemsOf(status.problems) }),
    streams: byName(status.streams),
    consumers: status.consumers.filter(isOf),
    undeclared: byName(status.undeclared),
    ...(status.workers && { workers: ofAccount(status.workers) }),
  };
}
