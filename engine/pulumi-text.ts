import type { LockHolder } from "./stack-locks";

/**
 * What this project knows of Pulumi's own wording, checked with CLI 3.259. It only makes output shorter: a reworded
 * message is printed as it is, and a reworded `isFailedNotice` counts as one more failure of a run that failed anyway.
 * Locks are the exception: where `lockIn` finds none, a locked stack fails with Pulumi's own message.
 */

/** The message without the severity that Pulumi puts before it. */
export const withoutSeverity = (message: string): string => message.replace(/^(error|warning): /, "").trim();

/** Whether it reports only that a run failed; other diagnostics give the reason. */
export const isFailedNotice = (message: string): boolean => /^(error: )?(preview|update) failed\s*$/.test(message);

/** Whether it reports where a plugin was found. */
export const isPluginNotice = (message: string): boolean => /^using pulumi-\S+ from \$PATH/.test(message);

/** Property and reason of `... property maxMsgs value {5} has a problem: would drop 96 of 101 messages`. */
export function checkFailureOf(message: string): { property: string; reason: string } | undefined {
  const [, property, reason] = /: property (\S+) value \{[^]*?\} has a problem: ([^]*)/.exec(message) ?? [];
  return property ? { property, reason: reason!.trim() } : undefined;
}

/** What the policy SDK reports of a rule that could not run, without the rule's name, which is known beside it. */
export const withoutRule = (message: string): string =>
  message.replace(/^can't run policy '[^']+' from policy pack '[^']+' during preview: /, "");

/** Why a run failed, where an operator can fix it. */
export function causeOf(failure: string): "plugin" | "login" | "secrets" | undefined {
  if (/resource plugin|install plugin|download plugin/i.test(failure)) return "plugin";
  if (/PULUMI_ACCESS_TOKEN must be set/.test(failure)) return "login";
  if (/passphrase must be set|incorrect passphrase/.test(failure)) return "secrets";
  return undefined;
}

/**
 * What keeps other runs off a stack: the holders of its locks, where the backend is files or a bucket (`checkForLock`
 * in backend/diy of the CLI); `update` where Pulumi Cloud has an update in progress.
 */
export function lockIn(output: string): LockHolder[] | "update" | undefined {
  if (/\[409\] Conflict: Another update is currently in progress/.test(output)) return "update";
  if (!/the stack is currently locked by \d+ lock/.test(output)) return undefined;
  const holders = output.matchAll(/(\S+): created by (.+)@(\S+) \(pid (\d+)\) at (\S+)/g);
  return [...holders].map(([, url, username, hostname, pid, timestamp]) => ({
    pid: Number(pid),
    username: username!,
    hostname: hostname!,
    timestamp: timestamp!,
    url: url!,
  }));
}
