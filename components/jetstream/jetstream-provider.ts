import * as pulumi from "@pulumi/pulumi";
import type { Declared } from "../../config/assets/declared";
import type { Environment } from "../../config/schema/settings";
import { connectionKey, type ConnectionSettings, declaredKey, environmentKey } from "./provider/settings";

/**
 * Connection and credentials of all streams and consumers of a stack, in one place: one process, one pool of
 * connections, and a rotated password is one update instead of a difference on every stream. Its input must be known at
 * preview: with an unknown one the engine silently skips every check.
 */
export class JetstreamProvider extends pulumi.ProviderResource {
  /**
   * @param environment where it connects to, in plain text for policies
   * @param declared what the stack declares, by account: subjects move between its streams in one update only with it
   */
  constructor(
    name: string,
    connection: pulumi.Input<ConnectionSettings>,
    environment?: Pick<Environment, "target" | "servers" | "storage" | "byRegion">,
    declared?: Record<string, Declared>,
  ) {
    const text = pulumi.secret(pulumi.output(connection).apply((settings) => JSON.stringify(settings)));
    const key = (own: string) => `${pulumi.getProject()}:${own}`;
    const { target, servers, storage, byRegion } = environment ?? {};
    super("pulumi-nodejs", name, {
      [key(connectionKey)]: text,
      ...(declared && { [key(declaredKey)]: JSON.stringify(declared) }),
      ...(environment && { [key(environmentKey)]: JSON.stringify({ target, servers, storage, byRegion }) }),
    });
  }
}
