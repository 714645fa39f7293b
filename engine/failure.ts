/**
 * Exit codes of every command; only `plan` ends with `wouldLose`, only `policy` and `policy:state` with
 * `violatesPolicy`, only `drill` with `cannotSimulate`.
 */
export const exitCodes = {
  ok: 0,
  failed: 1,
  badUsage: 2,
  wouldLose: 3,
  violatesPolicy: 4,
  cannotSimulate: 5,
  interrupted: 130,
} as const;

/** An error that the operator can act on: its message is printed without a stack trace. */
export class Failure extends Error {
  readonly exitCode: number = exitCodes.failed;
}

/** What was thrown as an error that the operator can act on: a `Failure` stays what it is. */
export const asFailure = (error: unknown): Failure =>
  error instanceof Failure ? error : new Failure((error as Error).message);

/** Wrong usage, or a request that the settings do not allow; nothing was done. */
export class BadUsage extends Failure {
  override readonly exitCode = exitCodes.badUsage;
}

/** The plan would lose messages, and no `allowDataLoss` allows it; nothing was done. */
export class WouldLose extends Failure {
  override readonly exitCode = exitCodes.wouldLose;
}

/** The plan or the deployed state violates a mandatory policy; nothing was done. */
export class ViolatesPolicy extends Failure {
  override readonly exitCode = exitCodes.violatesPolicy;
}

/** This machine cannot do to the environment what a drill would; nothing was done. */
export class CannotSimulate extends Failure {
  override readonly exitCode = exitCodes.cannotSimulate;
}

/** Ended by Ctrl-C, after the operations in progress finished. */
export class Interrupted extends Failure {
  override readonly exitCode = exitCodes.interrupted;
}
