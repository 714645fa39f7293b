import * as z from "zod";
import { strictObject } from "../problems";
import { duration } from "./values";

/** Servers ask a service about clients that their accounts file does not know (docs/logins.md). */
export const authCallout = strictObject({
  /**
   * Whether servers ask clients for a certificate, for users with `login: "certificate"`; clients may still have none.
   * Needs nats-server 2.15.3. Default: false.
   */
  certificates: z.boolean().optional(),
  /**
   * How long a login by the service is good. Then the server closes the connection, and the client logs in again: so
   * long a user that was taken out, or whose rights changed, keeps what it had. At least 10s. Default: 1d.
   */
  expires: duration.optional(),
});
