/**
 * What this project knows of Pulumi's own wording, checked with CLI 3.259. It only makes output shorter: a reworded
 * message is printed as it is, and a reworded `isFailedNotice` counts as one more failure of a run that failed anyway.
 */

/** The message without the severity that Pulumi puts before it. */
export const withoutSeverity = (message: string): string => message.replace(/^(error|warning): /, "").trim();

/** Whether it reports only that a run failed; other diagnostics give the reason. */
export const isFailedNotice = (message: string): boolean => /^(error: )?(preview|update) failed\s*$/.test(message);

/** Whether it reports where a plugin was found. */
export const isPluginNotice = (message: string): boolean => /^using pulumi-resource-\S+ from \$PATH/.test(message);

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
