import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { clientUrls, forwardTo } from "../../config/topology";
import type { Environment } from "../../config/schema/settings";
import type { RegionOutputs, UserOutputs } from "../../stacks/outputs";
import { stackExists } from "../../engine/backend";
import { pulumiEnvironment, stateFolder } from "../../engine/environment";
import { Failure } from "../../engine/failure";
import { projectFolder } from "../../engine/project";
import type { CheckedEnvironment } from "../settings/checked-environment";

/** How clients get into a deployed environment. Holds passwords. */
export interface Access {
  environment: Environment;
  /** CA certificate that clients trust, PEM. */
  ca: string;
  accounts: RegionOutputs["accounts"];
}

/**
 * Reads it from one region's outputs: accounts are the same in all regions, addresses follow from settings. Only Pulumi can
 * decrypt them.
 */
export async function readAccess({ project, environment, stacks, name }: CheckedEnvironment): Promise<Access> {
  const stack = stacks.regions[0]!;
  const notDeployed = `environment ${name} is not deployed (stack ${stack} has no outputs); run: npm start${name === "local" ? "" : ` -- --env ${name}`}`;
  if (environment.target === "local" && !stackExists(stateFolder(), project.name, stack))
    throw new Failure(notDeployed);
  const args = ["stack", "output", "--stack", stack, "--json", "--show-secrets", "--non-interactive"];
  const { stdout } = await promisify(execFile)("pulumi", args, {
    cwd: projectFolder,
    env: pulumiEnvironment(environment),
    maxBuffer: 64 * 1024 ** 2,
    timeout: 60_000,
  }).catch((error: Error & { stderr?: string }) => {
    throw new Failure(`outputs of stack ${stack} cannot be read: ${error.stderr?.trim() || error.message}`);
  });
  const { ca, accounts } = JSON.parse(stdout) as Partial<RegionOutputs>;
  if (!ca || !accounts) throw new Failure(notDeployed);
  return { environment, ca, accounts };
}

export function userOf({ accounts }: Access, account: string, user: string): UserOutputs {
  const found = accounts[account]?.users[user];
  if (!found)
    throw new Failure(
      `the deployed environment has no user ${user} in account ${account}; bring its region stacks up to date: npm start`,
    );
  return found;
}

/** Where a region's servers are reached from here. */
async function urlsOf(environment: Environment, region: string): Promise<string[]> {
  const way = forwardTo(environment, region);
  if (!way) return clientUrls(environment, region);
  const { forwardedUrl } =
    require("../../components/supercluster/provider/port-forward") as typeof import("../../components/supercluster/provider/port-forward");
  return [await forwardedUrl(way)];
}

/** Connects a user to the servers of a region, and only to those. */
export async function connectTo(
  access: Access,
  region: string,
  account: string,
  user: string,
): Promise<NatsConnection> {
  const { login, password, inboxPrefix } = userOf(access, account, user);
  const servers = await urlsOf(access.environment, region).catch((error: Error) => {
    throw new Failure(`no way to the servers of ${region}: ${error.message}`);
  });
  return connect({
    servers,
    user: login,
    pass: password,
    inboxPrefix,
    tls: { ca: access.ca },
    name: "supercluster cli",
    timeout: 5_000,
    reconnect: false,
    ignoreClusterUpdates: true,
  }).catch((error: Error) => {
    throw new Failure(`${login} cannot connect to ${region} (${servers.join(", ")}): ${error.message}`);
  });
}

/** Connects a user to the first region that lets it in; a lost region must not keep the others from being seen. */
export async function connectToAny(access: Access, account: string, user: string): Promise<NatsConnection> {
  const failures: string[] = [];
  for (const region of access.environment.regions) {
    try {
      return await connectTo(access, region, account, user);
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw new Failure(`no region answers; are its servers running? Start them: npm start\n${failures.join("\n")}`);
}
