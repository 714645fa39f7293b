import { createHash, X509Certificate } from "node:crypto";
import type { AuthorizationRequest } from "@nats-io/jwt";
import type { CalloutUser } from "../messaging/contract";

/** Who a client is, or why it is refused; nothing of it is secret. */
export type Decision = { user: CalloutUser } | { refused: Refused };

type Refused = (typeof refusals)[number];

/** Reasons, as servers log them and metrics count them. */
export const refusals = [
  "no token and no certificate",
  "unknown token",
  "unknown certificate",
  "more than one way to log in",
  "connection type not allowed",
] as const;

const refused = (reason: Refused): Decision => ({ refused: reason });

/** Kinds of connections by how servers name them in a request: the names that permissions have. */
const connectionTypes: Readonly<Record<string, string>> = { nats: "STANDARD", websocket: "WEBSOCKET", mqtt: "MQTT" };

/** Decides for a list of users. Pure. */
export function decider(users: readonly CalloutUser[]): (request: AuthorizationRequest) => Decision {
  // By hash: comparing takes a time that tells nothing of a token.
  const byToken = new Map(users.flatMap((user) => (user.token === undefined ? [] : [[user.token, user] as const])));
  const byCertificate = new Map(
    users.flatMap((user) => (user.certificate === undefined ? [] : [[user.certificate, user] as const])),
  );
  const identify = ({ connect_opts: given, client_tls: tls }: AuthorizationRequest): Decision => {
    const { auth_token: token, user, pass, nkey, jwt } = given;
    if (token) {
      if (user || pass || nkey || jwt) return refused("more than one way to log in");
      const known = byToken.get(createHash("sha256").update(token).digest("hex"));
      return known ? { user: known } : refused("unknown token");
    }
    // A wrong password does not become right by a certificate.
    if (user || pass || nkey || jwt) return refused("no token and no certificate");
    // The servers have verified it, and that its key is the client's.
    const [leaf] = tls?.verified_chains?.[0] ?? [];
    if (leaf === undefined) return refused("no token and no certificate");
    const known = byCertificate.get(subjectOf(leaf));
    return known ? { user: known } : refused("unknown certificate");
  };
  return (request) => {
    const decision = identify(request);
    if (!("user" in decision)) return decision;
    // Servers before 2.15.3 do not check it themselves.
    const { kind, type = "" } = request.client_info;
    const isAllowed = kind === "Client" && decision.user.connectionTypes.includes(connectionTypes[type] ?? "");
    return isAllowed ? decision : refused("connection type not allowed");
  };
}

/** The subject of a certificate, PEM: its parts in their order, as `CN=shop-clerk,O=Shop`. */
const subjectOf = (certificate: string): string => new X509Certificate(certificate).subject.split("\n").join(",");
