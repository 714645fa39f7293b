import { shortHash } from "../short-hash";

/** As `data` of a Secret: server-side apply does not remove keys that leave `stringData`. */
export const encoded = (values: object): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([key, text]) => [key, Buffer.from(String(text)).toString("base64")]));

/** Identifies logins: 16 hexadecimal digits. A password has 32 random characters, so it tells nothing of it. */
export const fingerprint = (values: object): string => shortHash(JSON.stringify(Object.entries(values).sort()));
