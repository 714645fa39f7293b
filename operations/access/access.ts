import { connect, type NatsConnection, nkeyAuthenticator, type NodeConnectionOptions } from "@nats-io/transport-node";
import { type Connection, loginVariables } from "../../components/security/connections";
import type * as PortForward from "../../components/supercluster/provider/port-forward";
import { clientUrls, forwardTo } from "../../config/topology";
import type { Environment } from "../../config/schema/settings";
import type { RegionOutputs, UserOutputs } from "../../stacks/outputs";
import { stackExists } from "../../engine/backend";
import { deployCommand } from "../../config/command-lines";
import { stateFolder } from "../../engine/environment";
import { Failure } from "../../engine/failure";
import { stackOutputs } from "../../engine/stack-outputs";
import type { CheckedEnvironment } from "../settings/checked-environment";

/** How clients get into a deployed environment. Holds passwords. */
export interface Access {
  /** Name of the environment. */
  name: string;
  environment: Environment;
  /** CA certificate that clients trust, PEM. */
  ca: string;
  accounts: RegionOutputs["accounts"];
}

/**
 * Reads the outputs of one region stack: accounts are the same in all regions, and addresses follow from the settings.
 * Runs `pulumi stack output`, because only Pulumi can decrypt them.
 * @throws {Failure} when the environment is not deployed, or the outputs cannot be read within 60 s.
 */
export async function readAccess({ project, environment, stacks, name }: CheckedEnvironment): Promise<Access> {
  const stack = stacks.regions[0]!;
  const notDeployed =
    `environment ${name} is not deployed (stack ${stack} has no outputs); ` + `run: ${deployCommand(name)}`;
  if (environment.target === "local" && !stackExists(stateFolder(), project.name, stack))
    throw new Failure(notDeployed);
  const { ca, accounts } = await stackOutputs<RegionOutputs>({ project, environment }, stack, { secrets: true });
  if (!ca || !accounts) throw new Failure(notDeployed);
  return { name, environment, ca, accounts };
}

/** Whether servers know an account, as of the last deployment of the region stacks. */
export const isDeployed = ({ accounts }: Pick<Access, "accounts">, account: string): boolean => account in accounts;

/** @throws {Failure} when the deployed environment has no such account or user. */
export function userOf({ name, accounts }: Access, account: string, user: string): UserOutputs {
  const found = accounts[account]?.users[user];
  if (found) return found;
  const missing = isDeployed({ accounts }, account) ? `user ${user} of account ${account}` : `account ${account}`;
  throw new Failure(
    `${missing} is not deployed in environment ${name} yet; deploy its current settings: ${deployCommand(name)}`,
  );
}

/** Client URLs of a region as seen from this machine: its own, or one through a forwarded port. */
async function urlsOf(environment: Environment, region: string): Promise<string[]> {
  const forward = forwardTo(environment, region);
  if (!forward) return clientUrls(environment, region);
  // Loaded here: the other targets need nothing of Kubernetes.
  const { forwardedUrl } = require("../../components/supercluster/provider/port-forward") as typeof PortForward;
  return [await forwardedUrl(forward)];
}

/**
 * What a program needs to connect as a user to the servers of a region: the environment variables that workers and
 * `docs/clients.md` know. Secret.
 * @throws {Failure} when there is no such user, or the region's servers cannot be reached.
 */
export async function clientVariables(
  access: Access,
  region: string,
  account: string,
  user: string,
): Promise<Connection> {
  const known = userOf(access, account, user);
  return {
    NATS_URL: (await urlsOf(access.environment, region)).join(","),
    ...loginVariables(known.login, known),
    NATS_INBOX_PREFIX: known.inboxPrefix,
    NATS_CA: access.ca,
  };
}

/**
 * Connects a user to the servers of one region, and only to those: no other server is learned from them, and a lost
 * connection is not opened again.
 * @throws {Failure} when there is no such user, or no server accepts the connection within 5 s.
 */
export async function connectTo(
  access: Access,
  region: string,
  account: string,
  user: string,
): Promise<NatsConnection> {
  const known = userOf(access, account, user);
  const { login, inboxPrefix } = known;
  const servers = await urlsOf(access.environment, region).catch((error: Error) => {
    throw new Failure(`the servers of ${region} could not be reached: ${error.message}`);
  });
  return connect({
    servers,
    ...loginOptions(known, access.ca),
    inboxPrefix,
    name: "supercluster cli",
    timeout: 5_000,
    reconnect: false,
    ignoreClusterUpdates: true,
  }).catch((error: Error) => {
    throw new Failure(`${login} could not connect to ${region} (${servers.join(", ")}): ${error.message}`);
  });
}

function loginOptions(user: UserOutputs, ca: string): NodeConnectionOptions {
  const tls = { ca };
  if (user.byNkey) return { tls, authenticator: nkeyAuthenticator(new TextEncoder().encode(user.password)) };
  if (user.byCallout === "token") return { tls, token: user.password };
  if (user.byCallout === "certificate") return { tls: { ca, cert: user.certificate, key: user.password } };
  return { tls, user: user.login, pass: user.password };
}

/**
 * Connects a user to the first region that accepts the connection: a lost region must not make the others unreachable.
 * @param regions in the order in which they are tried; default: that of the settings
 * @throws {Failure} with the reason of every region, or when there is no such user.
 */
export async function connectToAny(
  access: Access,
  account: string,
  user: string,
  regions: readonly string[] = access.environment.regions,
): Promise<NatsConnection> {
  userOf(access, account, user);
  const failures: string[] = [];
  for (const region of regions) {
    try {
      return await connectTo(access, region, account, user);
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw new Failure(
    `no region of ${access.name} answers; if its servers are stopped, start them: ${deployCommand(access.name)}\n` +
      failures.join("\n"),
  );
}
