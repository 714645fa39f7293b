import * as pulumi from "@pulumi/pulumi";
import { connectionKey, type ConnectionSettings } from "./provider/settings";

/**
 * Connection and credentials of all streams and consumers of a stack, in one place: one process, one pool of connections,
 * and a rotated password is one update instead of a difference on every stream. Its input must be known at preview: with
 * an unknown one the engine silently skips every check.
 */
export class JetstreamProvider extends pulumi.ProviderResource {
  constructor(name: string, connection: pulumi.Input<ConnectionSettings>, opts?: pulumi.ResourceOptions) {
    const text = pulumi.secret(pulumi.output(connection).apply((settings) => JSON.stringify(settings)));
    super("pulumi-nodejs", name, { [`${pulumi.getProject()}:${connectionKey}`]: text }, opts);
  }
}
