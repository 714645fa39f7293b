/** JetStream's error codes that several rules share. Source: server/errors.json of nats-server. */

/** Most invalid stream and consumer configurations. */
export const invalidConfig = 10052;

/** A value that the server would change silently, refused in pedantic mode. */
export const pedanticMode = 10157;

/** More bytes reserved than a server has, by kind of storage. */
export const insufficientStorage = { file: 10047, memory: 10028 } as const;
