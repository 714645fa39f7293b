import type { Passwords } from "../../config/schema/passwords";

/** `rotate`: the next password is given out beside the one in use. `finish` takes the old one away, `abort` the new. */
export type Goal = "rotate" | "finish" | "abort";

/** One deployment of what the setting says. */
export interface RotationStep {
  setting: Passwords;
  /** Generation that no client may use any more before the step. */
  unused?: number;
  does: string;
}

/**
 * The deployments that are left, each harmless where it was done already. No client is ever given a password that a
 * server does not accept yet: every server accepts it first. Pure.
 *
 * @throws {RangeError} for a goal that the setting does not allow, with what to do
 */
export function rotationSteps({ accepted, given }: Passwords, goal: Goal): RotationStep[] {
  const [old, next] = [Math.min(...accepted), Math.max(...accepted)];
  if (goal === "rotate") return replacing(old, next === old ? old + 1 : next, given !== old);
  if (old === next) return [{ setting: { accepted: [old], given: old }, does: "every server accepts one password" }];
  if (goal === "finish" && given === old)
    throw new RangeError("the new password was not given out yet; run the command without --finish first");
  const [kept, dropped] = goal === "finish" ? [next, old] : [old, next];
  return [
    {
      setting: { accepted: [old, next], given: kept },
      does: `clients are given the ${goal === "finish" ? "new" : "old"} password`,
    },
    {
      setting: { accepted: [kept], given: kept },
      unused: dropped,
      does: `the ${goal === "finish" ? "old" : "new"} password is taken away from every server`,
    },
  ];
}

const replacing = (old: number, next: number, isGiven: boolean): RotationStep[] => [
  ...(isGiven
    ? []
    : [
        {
          setting: { accepted: [old, next], given: old },
          does: "every server accepts a new password beside the old one",
        },
      ]),
  {
    setting: { accepted: [old, next], given: next },
    does: "clients are given the new password; workers that this program runs restart with it, one after another",
  },
];
