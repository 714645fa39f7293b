import { context, propagation } from "@opentelemetry/api";
import { headers as newHeaders, type MsgHdrs } from "@nats-io/transport-node";

const setter = { set: (to: MsgHdrs, name: string, value: string) => to.set(name, value) };
const getter = {
  get: (from: MsgHdrs, name: string) => from.get(name) || undefined,
  keys: (from: MsgHdrs) => from.keys(),
};

/** A copy of headers, which may be sent without changing what the caller holds. */
function copyOf(from: MsgHdrs | undefined): MsgHdrs {
  const copy = newHeaders();
  for (const name of from?.keys() ?? []) for (const value of from?.values(name) ?? []) copy.append(name, value);
  return copy;
}

/**
 * A copy of headers with those of the active trace (`traceparent`). A `traceparent` that is there already stays.
 * Without an SDK of OpenTelemetry nothing is added.
 */
export function withTraceHeaders(from: MsgHdrs | undefined): MsgHdrs {
  const copy = copyOf(from);
  if (!copy.has("traceparent")) propagation.inject(context.active(), copy, setter);
  return copy;
}

/** Calls `run` in the trace of a message that was received: spans that it starts are below the sender's. */
export const inTraceOf = <T>(received: MsgHdrs | undefined, run: () => T): T =>
  received ? context.with(propagation.extract(context.active(), received, getter), run) : run();
