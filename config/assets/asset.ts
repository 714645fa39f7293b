import type { copying } from "./copies";
import type { ConsumerSpec, StreamSpec, TenantSpec } from "../schema/tenant";

/** Tenants by account name. */
export type Tenants = Record<string, TenantSpec>;

/** One stream as the servers hold it. Of a mirror, `spec` has no subjects. */
export interface StreamAsset {
  account: string;
  name: string;
  /** The cluster it is placed in. */
  region: string;
  spec: Omit<StreamSpec, "home" | "mirrors" | "replicas" | "mirror" | "sources"> &
    ReturnType<typeof copying> & { replicas: number };
  /** The stream of its account that it copies. */
  mirrorOf?: string;
  /** Streams of other accounts that it copies. Absent: none. */
  copies?: { account: string; name: string }[];
  /** The stream that it copied, and whose place it has taken. */
  promotedFrom?: string;
}

type OfOneStream<T> = T extends ConsumerSpec ? Omit<T, "streams" | "filterSubjects"> : never;

/** One durable of one stream. */
export interface ConsumerAsset {
  account: string;
  stream: string;
  /** The durable's name. */
  name: string;
  spec: OfOneStream<ConsumerSpec>;
  /** None: all the stream's subjects. */
  filterSubjects: string[];
}
