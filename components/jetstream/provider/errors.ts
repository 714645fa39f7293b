/** What the JetStream API answered when it refused. Codes: nats-server's server/errors.json. */
export class ApiError extends Error {
  constructor(
    readonly subject: string,
    readonly code: number,
    readonly errCode: number,
    description: string,
  ) {
    super(`${description} (error ${errCode || code} of ${subject})`);
    this.name = "ApiError";
  }

  /** The stream or consumer is not there: said by a meta leader, so it can be believed. */
  get isNotFound(): boolean {
    return this.errCode === 10059 || this.errCode === 10014;
  }

  /** Refused for now, nothing was changed: 10005 no suitable peers, 10008 temporarily unavailable, 10023 resources, 503. */
  get isTemporary(): boolean {
    return [10005, 10008].includes(this.errCode) || this.code === 503;
  }
}

/** No answer came: the request may have been carried out or not. */
export class NoAnswer extends Error {
  constructor(
    readonly subject: string,
    seconds: number,
    cause: unknown,
  ) {
    super(`no answer to ${subject} within ${seconds} s: ${(cause as Error).message}`);
    this.name = "NoAnswer";
  }
}

/** The provider will not do it; the message says why and what to do. */
export class Refused extends Error {
  override readonly name = "Refused";
}
