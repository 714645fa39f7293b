import type { Tenants } from "./assets/asset";
import type { Failovers } from "./schema/failover";
import type { Rotations } from "./schema/passwords";
import type { Environment, StackSettings } from "./schema/settings";

/** All that a stack's program starts from: validated, typed, passed in rather than imported. */
export interface Settings<Kind extends StackSettings["kind"] = StackSettings["kind"]> {
  /** The environment's name. */
  name: string;
  environment: Environment;
  stack: Extract<StackSettings, { kind: Kind }>;
  /** Every tenant of the environment. */
  tenants: Tenants;
  /** Regions known to be lost (`supercluster:degraded`). */
  degraded: string[];
  /** Streams that failed over to a mirror (`supercluster:failover`); empty but for jetstream stacks. */
  failovers: Failovers;
  /** Passwords that were rotated (`supercluster:passwords`), of an identity stack. Default: none was. */
  rotations?: Rotations;
}
