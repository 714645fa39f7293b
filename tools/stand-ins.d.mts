/** Set to anything but 1, it refuses stand-ins: commands then fail where an official plugin is missing. */
export const STAND_INS_VARIABLE: string;

/** Whether stand-ins may be used. A value that is not understood refuses them. */
export function standInsAllowed(env?: NodeJS.ProcessEnv): boolean;

/** Names of the plugins that a stand-in serves, because the official ones could not be downloaded. */
export function standIns(cache?: string): string[];

/** What a start of a local environment prints first and last; undefined where the official plugins are in use. */
export function standInNotice(names: string[]): string | undefined;
