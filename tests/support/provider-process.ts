import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { shim } from "../../components/dynamic";

type Props = Record<string, unknown>;

/**
 * Drives the very process that the engine starts for dynamic resources, over gRPC: what is stored in the state (the
 * shim line) is what runs here.
 */
export class ProviderProcess {
  private constructor(
    private readonly process: ChildProcess,
    private readonly client: ResourceProviderClient,
    /** What the process wrote to stderr so far. */
    readonly stderr: string[],
  ) {}

  static async start(config: Record<string, string>, env: NodeJS.ProcessEnv = process.env): Promise<ProviderProcess> {
    const child = spawn(process.execPath, [require.resolve("@pulumi/pulumi/cmd/dynamic-provider"), "unused"], {
      env: { ...env, PULUMI_NODEJS_PROJECT: "supercluster" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const stderr: string[] = [];
    createInterface(child.stderr).on("line", (line) => stderr.push(line));
    const port = await new Promise<string>((resolve, reject) => {
      createInterface(child.stdout).once("line", resolve);
      child.once("exit", (code) => reject(new Error(`provider process ended with ${code}: ${stderr.join("\n")}`)));
    });
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const running = new ProviderProcess(child, client, stderr);
    const request = new proto.ConfigureRequest();
    request.setArgs(Struct.fromJavaScript(config));
    await running.call("configure", request);
    return running;
  }

  get pid(): number {
    return this.process.pid!;
  }

  async check(
    type: Resource,
    news: Props,
    olds: Props = {},
  ): Promise<{ inputs: Props; failures: { property: string; reason: string }[] }> {
    const request = new proto.CheckRequest();
    request.setOlds(struct(type, olds));
    request.setNews(struct(type, news));
    const response = await this.call<proto.CheckResponse>("check", request);
    return {
      inputs: plain(response.getInputs()),
      failures: response
        .getFailuresList()
        .map((failure) => ({ property: failure.getProperty(), reason: failure.getReason() })),
    };
  }

  /** `changes`: undefined leaves it to the engine to compare the inputs. */
  async diff(
    type: Resource,
    id: string,
    olds: Props,
    news: Props,
  ): Promise<{ changes: boolean | undefined; replaces: string[]; deleteBeforeReplace: boolean }> {
    const request = new proto.DiffRequest();
    request.setId(id);
    request.setOlds(struct(type, olds));
    request.setNews(struct(type, news));
    const response = await this.call<proto.DiffResponse>("diff", request);
    const { DIFF_UNKNOWN, DIFF_SOME } = proto.DiffResponse.DiffChanges;
    const changes = response.getChanges();
    return {
      changes: changes === DIFF_UNKNOWN ? undefined : changes === DIFF_SOME,
      replaces: response.getReplacesList(),
      deleteBeforeReplace: response.getDeletebeforereplace(),
    };
  }

  async create(type: Resource, props: Props): Promise<{ id: string; props: Props }> {
    const request = new proto.CreateRequest();
    request.setProperties(struct(type, props));
    const response = await this.call<proto.CreateResponse>("create", request);
    return { id: response.getId(), props: plain(response.getProperties()) };
  }

  async update(type: Resource, id: string, olds: Props, news: Props): Promise<Props> {
    const request = new proto.UpdateRequest();
    request.setId(id);
    request.setOlds(struct(type, olds));
    request.setNews(struct(type, news));
    return plain((await this.call<proto.UpdateResponse>("update", request)).getProperties());
  }

  /** An empty id says that it is not there. */
  async read(
    type: Resource,
    id: string,
    props: Props,
  ): Promise<{ id: string; props: Props; inputs: Props | undefined }> {
    const request = new proto.ReadRequest();
    request.setId(id);
    request.setProperties(struct(type, props));
    const response = await this.call<proto.ReadResponse>("read", request);
    return {
      id: response.getId(),
      props: plain(response.getProperties()),
      inputs: response.getInputs() && plain(response.getInputs()),
    };
  }

  async delete(type: Resource, id: string, props: Props): Promise<void> {
    const request = new proto.DeleteRequest();
    request.setId(id);
    request.setProperties(struct(type, props));
    await this.call("delete", request);
  }

  async stop(): Promise<void> {
    this.client.close();
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGKILL");
    await ended;
  }

  private call<Response>(method: string, request: unknown): Promise<Response> {
    return new Promise((resolve, reject) => {
      const rpc = (
        this.client as unknown as Record<
          string,
          (request: unknown, done: (error: Error | null, response: Response) => void) => void
        >
      )[method]!;
      rpc.call(this.client, request, (error, response) => (error ? reject(error) : resolve(response)));
    });
  }
}

/** A kind of dynamic resource: the export of its entry. */
export interface Resource {
  type: string;
  entry: string;
}

const entry = "components/jetstream/provider/entry.js";
export const stream: Resource = { type: "Stream", entry };
export const consumer: Resource = { type: "Consumer", entry };

/** As the engine has it: without what is undefined. */
const struct = (resource: Resource, props: Props) =>
  Struct.fromJavaScript(
    JSON.parse(JSON.stringify({ ...props, __provider: shim(resource) })) as Parameters<typeof Struct.fromJavaScript>[0],
  );

function plain(value: Struct | undefined): Props {
  const { __provider: _, ...props } = (value?.toJavaScript() ?? {}) as Props;
  return props;
}
