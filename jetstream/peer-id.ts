import { createHash } from "node:crypto";

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/**
 * The id by which the meta group knows a server: eight digits of its name's hash (getHash in nats-server's
 * server/events.go). A leader that was started after a server had stopped knows it only by this id.
 */
export const peerId = (server: string): string =>
  [...createHash("sha256").update(server).digest().subarray(0, 8)].map((byte) => digits[byte % digits.length]).join("");
