import type { Forward } from "../../supercluster/provider/port-forward";
import type { RegionMembers } from "../../../jetstream/gate";
import type { Timeouts } from "../../../jetstream/timeouts";

/** The dynamic provider's configuration key; the project's prefix is added by the reader. */
export const connectionKey = "connection";

/** Configuration key of what the stack declares, by account: `Record<string, Declared>` as JSON (config/assets). */
export const declaredKey = "declared";

/** Configuration key of what policies (policies/jetstream-resources.ts) read of the environment. */
export const environmentKey = "environment";

/** What the provider needs to reach every account of the supercluster. Secret as a whole. */
export interface ConnectionSettings {
  /** Project and stack: the owner's mark of this stack (jetstream/ownership.ts). */
  owner: string;
  regions: RegionAccess[];
  /** CA that clients trust, PEM. */
  ca: string;
  /** The provisioner's login, by account. */
  provisioners: Record<string, Login>;
  /** User of the system account that the readiness gate asks with. */
  system: Login;
  /** Other timeouts than the defaults, for tests. */
  timeouts?: Partial<Timeouts>;
}

export interface RegionAccess extends RegionMembers {
  name: string;
  clientUrls: string[];
  /** Port forwarding to a server, for a machine that does not reach these URLs. */
  forward?: Forward;
}

export interface Login {
  login: string;
  password: string;
  inboxPrefix: string;
}
