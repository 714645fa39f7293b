import type { Wire } from "../../jetstream/fields";

/** Consumers that servers create to copy a stream into a mirror, or into a stream that has it as a source. Pure. */

/** Whether a server copies the stream by this consumer. */
export const isCopier = ({ sourcing }: Wire): boolean => sourcing === true;

/** The stream that it copies into; the consumer's own name where its labels do not name one. */
export const copierOf = ({ metadata = {}, name }: Wire): string =>
  metadata["_nats.src.stream"] ?? metadata["_nats.mirror.stream"] ?? name!;
