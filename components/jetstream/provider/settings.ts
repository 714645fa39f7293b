import type { Forward } from "../../supercluster/provider/port-forward";
import type { RegionMembers } from "../../../jetstream/gate";
import type { Timeouts } from "../../../jetstream/timeouts";

/** The dynamic provider's configuration key; the project's prefix is added by the reader. */
export const connectionKey = "connection";

/** Of what policies (policies/streams.ts) have to know of the environment. */
export const environmentKey = "environment";

/** What the provider needs to reach every account of the supercluster. Secret as a whole. */
export interface ConnectionSettings {
  /** Environment and stack; the marker by which this stack knows its own streams. */
  owner: string;
  regions: RegionAccess[];
  /** CA that clients trust, PEM. */
  ca: string;
  /** By account. */
  provisioners: Record<string, Login>;
  /** User of the system account that the readiness gate asks with. */
  system: Login;
  /** Other waiting times than the usual ones: tests do not sit out what they take away. */
  timeouts?: Partial<Timeouts>;
}

export interface RegionAccess extends RegionMembers {
  name: string;
  clientUrls: string[];
  /** The way to them from a machine that does not reach these URLs. */
  forward?: Forward;
}

export interface Login {
  login: string;
  password: string;
  inboxPrefix: string;
}
