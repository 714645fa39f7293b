/** Exit codes of every command; `plan` alone ends with `wouldLose`, and `policy` and `policy:state` alone with `violatesPolicy`. */
export const exitCodes = { ok: 0, failed: 1, badUsage: 2, wouldLose: 3, violatesPolicy: 4, interrupted: 130 } as const;

/** An error that a person can act on: its message is all there is to show. */
export class Failure extends Error {
  readonly exitCode: number = exitCodes.failed;
}

/** Asked for in a wrong way, or for what the settings do not allow; nothing was done. */
export class BadUsage extends Failure {
  override readonly exitCode = exitCodes.badUsage;
}

/** What is planned would lose messages that nothing allows to be lost; nothing was done. */
export class WouldLose extends Failure {
  override readonly exitCode = exitCodes.wouldLose;
}

/** What is planned or deployed violates a mandatory policy; nothing was done. */
export class ViolatesPolicy extends Failure {
  override readonly exitCode = exitCodes.violatesPolicy;
}

/** Ended because the person asked for it; what was going on has been brought to an end first. */
export class Interrupted extends Failure {
  override readonly exitCode = exitCodes.interrupted;
}
