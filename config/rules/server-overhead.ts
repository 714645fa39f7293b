/** What a server needs beside what it stores. One place for settings (config/rules/rules.ts) and policies, which load little else. */

/** What is left of a volume when it is formatted. */
export const usableOfVolume = 0.95;

/** What a server takes beside its memory store. */
export const memoryOfServer = "512MiB";
