import * as z from "zod";
import { strictObject } from "../problems";

/** Of the servers' monitoring: `monitoring` of an environment. A change restarts the servers, one after another. */
export const monitoring = strictObject({
  /**
   * Whether it is served over TLS only, with the clients' certificate: `https`, on Kubernetes on port 8223 instead of
   * 8222. Clients need no certificate. What reads it (probes, exporters, KEDA, rollouts) follows; KEDA must trust the
   * environment's CA.
   */
  tls: z.boolean(),
});
