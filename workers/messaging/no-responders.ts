import { NoRespondersError, RequestError } from "@nats-io/transport-node";

/** Whether a request failed because nothing listens to its subject; the client reports it in two ways. */
export const isNoResponders = (error: unknown): boolean =>
  error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders());
