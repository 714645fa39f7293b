/** What a server needs beside what it stores: for settings (config/rules/kubernetes.ts) and for policies. */

/** Part of a volume that is usable once it is formatted, 0 to 1. */
export const usableOfVolume = 0.95;

/** Memory that a server takes beside its memory store. */
export const memoryOfServer = "512MiB";
