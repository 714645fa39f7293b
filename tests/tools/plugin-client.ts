import { spawn } from "node:child_process";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { reveal, type Values } from "../../tools/offline/plugins/values";
import { standInFolder } from "../../tools/pins.mjs";

/** A running stand-in plugin, talked to as the engine does. */
export async function startPlugin(name: string, cwd: string) {
  const child = spawn(join(standInFolder, `pulumi-resource-${name}`), ["unused"], {
    cwd,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const port = await new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the plugin ended with ${code}`)));
    child.stdout.once("data", (data: Buffer) => resolve(data.toString().trim()));
  });
  const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());

  const call = <Request, Response>(method: string, request: Request) =>
    new Promise<Response>((resolve, reject) => {
      (
        client as unknown as Record<
          string,
          (request: Request, done: (error: Error | null, response: Response) => void) => void
        >
      )[method]!(request, (error, response) => (error ? reject(error) : resolve(response)));
    });

  /** The calls about resources of one type in one stack. */
  function resource(type: string, stack = "here-identity") {
    const urn = `urn:pulumi:${stack}::supercluster::supercluster:security:Authority$${type}::name`;
    return {
      async check(news: Values) {
        const request = new messages.CheckRequest();
        request.setUrn(urn);
        request.setNews(struct(news));
        const response = await call<messages.CheckRequest, messages.CheckResponse>("check", request);
        return response.getFailuresList().map((failure) => failure.getReason());
      },
      async diff(olds: Values, news: Values) {
        const request = new messages.DiffRequest();
        request.setUrn(urn);
        request.setOlds(struct(olds));
        request.setNews(struct(news));
        const response = await call<messages.DiffRequest, messages.DiffResponse>("diff", request);
        return {
          changes: response.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME,
          replaces: response.getReplacesList(),
          diffs: response.getDiffsList(),
        };
      },
      async create(news: Values, preview = false) {
        const request = new messages.CreateRequest();
        request.setUrn(urn);
        request.setProperties(struct(news));
        request.setPreview(preview);
        const response = await call<messages.CreateRequest, messages.CreateResponse>("create", request);
        const state = response.getProperties()!.toJavaScript() as Values;
        return { id: response.getId(), state, plain: reveal(state) as Record<string, string> };
      },
      async update(olds: Values, news: Values) {
        const request = new messages.UpdateRequest();
        request.setUrn(urn);
        request.setOlds(struct(olds));
        request.setNews(struct(news));
        const response = await call<messages.UpdateRequest, messages.UpdateResponse>("update", request);
        return response.getProperties()!.toJavaScript() as Values;
      },
      async read(olds: Values) {
        const request = new messages.ReadRequest();
        request.setUrn(urn);
        request.setId("some-id");
        request.setProperties(struct(olds));
        const response = await call<messages.ReadRequest, messages.ReadResponse>("read", request);
        return response.getProperties()!.toJavaScript() as Values;
      },
      async delete() {
        const request = new messages.DeleteRequest();
        request.setUrn(urn);
        await call("pb_delete" in client ? "pb_delete" : "delete", request);
      },
    };
  }

  return {
    resource,
    stop() {
      client.close();
      child.removeAllListeners("exit");
      child.kill();
    },
  };
}

function struct(values: Values): Struct {
  return Struct.fromJavaScript(values as Record<string, JavaScriptValue>);
}
