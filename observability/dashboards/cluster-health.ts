import type { Environment } from "../../config/schema/settings";
import { countOf, majority } from "../alerts/alert";
import { healthy, peers, uptime } from "./expressions";
import { as, limitOf, type Row, servers, value } from "./panel";

/** The row of covenant's dashboard, for every region that is chosen. */
export const clusterHealth = (environment: Environment): Row => ({
  title: "Cluster Health",
  panels: [
    value(
      "Node Status",
      "number",
      "Servers that answer, by region. Without a majority streams and durables take and deliver nothing.",
      [as("{{region}}", countOf(servers))],
      { limit: { ...limitOf(environment, "NATSClusterQuorumLost", majority(environment.servers)), isLeast: true } },
    ),
    value("Declared", "number", "Servers that the region should have.", [
      as("{{region}}", servers.series("supercluster_region_servers")),
    ]),
    value(
      "Healthy",
      "number",
      "1: the server is current. 0: it answers, and its JetStream or a stream or durable on it is not.",
      [as("{{server}}", healthy)],
      { limit: { value: 1, severity: "warning", isLeast: true } },
    ),
    value("Cluster Routes", "number", "Servers of its region that each server is connected to: all but itself.", [
      as("{{server}}", peers),
    ]),
    value("Server Uptime", "seconds", "Since each server started.", [as("{{server}}", uptime)], { width: 8 }),
  ],
});
