/** Of an asset that needs a higher API level than its server has. */
export const offlineAdvice =
  "a later server made or changed it, and this one stopped it, data kept: upgrade all servers " +
  "(docs/runbooks/upgrade-nats.md), or delete it";

/** What to do about errors whose own text does not explain it. By error code. */
const advice: Record<number, string> = {
  10005: "its region needs as many servers as replicas, all up, with room and with its placementTags",
  10025: "a field that this server does not know: see extraConfig, and which version the field needs",
  10028:
    "deploy the region stacks first, which set account limits; else lower the maxBytes of streams in memory, " +
    "or give the servers more of it",
  10047:
    "deploy the region stacks first, which set account limits; else lower the maxBytes of streams on files, " +
    "or give the servers more storage",
  10065:
    "another stream of the account captures one of its subjects; each may be in one stream only: " +
    "docs/runbooks/move-subjects.md",
  10074: "a server that is not part of a cluster has one copy only: replicas: 1, or more servers",
  10112: "servers of 2.15 and later deliver to no subject of JetStream's API or of replies",
  10124: "run again when the move has finished",
  10194: offlineAdvice,
  10195: offlineAdvice,
  10226: "run again when the servers have finished moving or scaling it",
};

/** The JetStream API refused a request. Codes: nats-server's server/errors.json. */
export class ApiError extends Error {
  constructor(
    readonly subject: string,
    readonly code: number,
    readonly errCode: number,
    description: string,
  ) {
    super(`${description} (error ${errCode || code} of ${subject})${errCode in advice ? `: ${advice[errCode]}` : ""}`);
    this.name = "ApiError";
  }

  /** A meta leader answered that the stream (10059) or consumer (10014) does not exist. */
  get isNotFound(): boolean {
    return this.errCode === 10059 || this.errCode === 10014;
  }

  /** It exists already, created by another request: 10058 a stream, 10148 a consumer. */
  get isTaken(): boolean {
    return this.errCode === 10058 || this.errCode === 10148;
  }

  /** Another stream of the account captures one of the subjects. */
  get isOverlap(): boolean {
    return this.errCode === 10065;
  }

  /**
   * Refused for now, nothing was changed: 10005 no suitable peers, 10008 temporarily unavailable, 503; 10049 no store
   * could be created, which happens while the folder of a stream that was just deleted is removed.
   */
  get isTemporary(): boolean {
    return [10005, 10008, 10049].includes(this.errCode) || this.code === 503;
  }
}

/** No answer came in time: the request may or may not have been carried out. */
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

/** The user has no permission for the request: nothing was done. */
export class Denied extends Error {
  constructor(subject: string) {
    super(
      `the account's provisioner may not publish to $JS.API.${subject}; ` +
        "bring the region stacks up: they set its permissions",
    );
    this.name = "Denied";
  }
}

/** This program refuses the operation and nothing was changed; the message says why and what to do. */
export class Refused extends Error {
  override readonly name = "Refused";
}
