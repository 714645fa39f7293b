export { consumerFields } from "./consumer";
export type { Field, Refusal, Wire } from "./field";
export { streamFields } from "./stream";
