import { shortHash } from "../short-hash";

/** The file that servers include for JetStream's encryption at rest. */
export const jetstreamKeyConf = (key: string): string => `encryption_key: ${JSON.stringify(key)}\n`;

/** Identifies the key that encrypts the data, without revealing it: first 16 hexadecimal digits of its SHA-256. */
export const keyFingerprint = (key: string): string => shortHash(key);
