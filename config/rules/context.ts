import type { Tenants } from "../assets/asset";
import type { Environment } from "../schema/settings";

/** What the rules check: one environment and its tenants, all of which has passed the schemas. */
export interface ValidationContext {
  /** The environment's name: its key in `environments`. */
  name: string;
  environment: Environment;
  tenants: Tenants;
  /**
   * Names of everything that was declared, including what failed its schema: only a name that is not among them is
   * reported as unknown.
   */
  declared: {
    tenants: readonly string[];
    /** Streams of a tenant, and their mirrors. */
    streams(tenant: string): readonly string[];
    consumers(tenant: string): readonly string[];
    users(tenant: string): readonly string[];
  };
}
