import type { Environment } from "../../config/schema/settings";
import { jetstream } from "./jetstream";
import type { Dashboard, Panel } from "./panel";
import { region } from "./region";
import { supercluster } from "./supercluster";
import { tenant } from "./tenant";
import { workers } from "./workers";

/** All dashboards, with the thresholds of an environment. They are the same for each of its regions and tenants. */
export const dashboardsOf = (environment: Environment): Dashboard[] =>
  [supercluster, region, tenant, workers, jetstream].map((dashboard) => dashboard(environment));

/** Panels of all dashboards. */
export const panelsOf = (environment: Environment): Panel[] =>
  dashboardsOf(environment).flatMap(({ rows }) => rows.flatMap(({ panels }) => panels));
