// The engine's plugin protocol over gRPC. Only what it needs is loaded: the SDK's own server costs a third of a second.
import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { refusal } from "./local-only";
import { check, create, diff, read, update, type Resource } from "./resource";
import type { Values } from "./values";

interface Plugin {
  name: string;
  version: string;
  /** By type, as in `random:index/randomPassword:RandomPassword`. */
  resources: Record<string, Resource>;
}

/** Serves a plugin on a port of this machine, which it returns. */
export async function serve(plugin: Plugin): Promise<number> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(ResourceProviderService, handlers(plugin));
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
}

function handlers({ name, version, resources }: Plugin): grpc.UntypedServiceImplementation {
  const refusals = new Map<string, string | undefined>();

  function guard(urn: string): void {
    const [, stack = ""] = /^urn:pulumi:([^:]+)::/.exec(urn) ?? [];
    if (!refusals.has(stack)) refusals.set(stack, refusal(stack));
    const reason = refusals.get(stack);
    if (reason) throw status(grpc.status.FAILED_PRECONDITION, `${name}: ${reason}`);
  }

  function resourceOf(urn: string): Resource {
    guard(urn);
    const type = urn.split("::")[2]?.split("$").at(-1) ?? "";
    const resource = resources[type];
    if (!resource) {
      throw status(
        grpc.status.UNIMPLEMENTED,
        `the offline stand-in for ${name} has no ${type}; it has ${Object.keys(resources).join(", ")}`,
      );
    }
    return resource;
  }

  return {
    getPluginInfo: unary<Empty, PluginInfo>(() => {
      const info = new PluginInfo();
      info.setVersion(version);
      return info;
    }),
    getSchema: unary<messages.GetSchemaRequest, messages.GetSchemaResponse>(() => {
      const response = new messages.GetSchemaResponse();
      response.setSchema(JSON.stringify({ name, version }));
      return response;
    }),
    checkConfig: unary<messages.CheckRequest, messages.CheckResponse>((request) => {
      guard(request.getUrn());
      const response = new messages.CheckResponse();
      response.setInputs(request.getNews());
      return response;
    }),
    diffConfig: unary<messages.DiffRequest, messages.DiffResponse>((request) => {
      guard(request.getUrn());
      return new messages.DiffResponse();
    }),
    configure: unary<messages.ConfigureRequest, messages.ConfigureResponse>(() => {
      const response = new messages.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      return response;
    }),
    check: unary<messages.CheckRequest, messages.CheckResponse>((request) => {
      const failures = check(resourceOf(request.getUrn()), values(request.getNews()));
      const response = new messages.CheckResponse();
      response.setInputs(request.getNews());
      response.setFailuresList(
        failures.map(({ property, reason }) => {
          const failure = new messages.CheckFailure();
          failure.setProperty(property);
          failure.setReason(`${property}: ${reason}`);
          return failure;
        }),
      );
      return response;
    }),
    diff: unary<messages.DiffRequest, messages.DiffResponse>((request) => {
      const { replaces, updates } = diff(
        resourceOf(request.getUrn()),
        values(request.getOlds()),
        values(request.getNews()),
      );
      const { DiffChanges } = messages.DiffResponse;
      const { Kind } = messages.PropertyDiff;
      const response = new messages.DiffResponse();
      response.setReplacesList(replaces);
      response.setDiffsList([...replaces, ...updates]);
      response.setChanges(replaces.length + updates.length > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE);
      response.setHasdetaileddiff(true);
      for (const property of [...replaces, ...updates]) {
        const detail = new messages.PropertyDiff();
        detail.setKind(replaces.includes(property) ? Kind.UPDATE_REPLACE : Kind.UPDATE);
        response.getDetaileddiffMap().set(property, detail);
      }
      return response;
    }),
    create: unary<messages.CreateRequest, messages.CreateResponse>(async (request) => {
      const { id, state } = await create(
        resourceOf(request.getUrn()),
        values(request.getProperties()),
        request.getPreview(),
      );
      const response = new messages.CreateResponse();
      response.setId(id);
      response.setProperties(struct(state));
      return response;
    }),
    update: unary<messages.UpdateRequest, messages.UpdateResponse>((request) => {
      const state = update(resourceOf(request.getUrn()), values(request.getOlds()), values(request.getNews()));
      const response = new messages.UpdateResponse();
      response.setProperties(struct(state));
      return response;
    }),
    read: unary<messages.ReadRequest, messages.ReadResponse>((request) => {
      const state = read(resourceOf(request.getUrn()), values(request.getProperties()));
      const response = new messages.ReadResponse();
      response.setId(request.getId());
      response.setProperties(struct(state));
      response.setInputs(request.getInputs());
      return response;
    }),
    // Keys and passwords are nowhere but in the state.
    delete: unary<messages.DeleteRequest, Empty>((request) => {
      resourceOf(request.getUrn());
      return new Empty();
    }),
    cancel: unary<Empty, Empty>(() => new Empty()),
  };
}

function unary<Request, Response>(
  handle: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return async (call, callback) => {
    try {
      callback(null, await handle(call.request));
    } catch (error) {
      callback(error instanceof Error && "code" in error ? error : status(grpc.status.UNKNOWN, String(error)));
    }
  };
}

function status(code: grpc.status, details: string): Error {
  return Object.assign(new Error(details), { code, details });
}

function values(message: Struct | undefined): Values {
  return message?.toJavaScript() ?? {};
}

function struct(state: Values): Struct {
  return Struct.fromJavaScript(state as Record<string, JavaScriptValue>);
}
