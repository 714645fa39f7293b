/**
 * What the measured program declares and the raw calls send. Their source is copied into the program, so they use
 * nothing from outside.
 */
export const benchStream = (index: number, replicas: number) => ({
  account: "app",
  name: `S${index}`,
  region: "iad",
  subjects: [`s${index}.>`],
  retention: "limits",
  storage: "file",
  maxAge: "1h",
  maxBytes: "1MiB",
  discard: "old",
  replicas,
  deletionPolicy: "delete",
});

export const benchConsumer = (index: number) => ({
  account: "app",
  stream: `S${index}`,
  name: "worker",
  ackPolicy: "explicit",
  deliverPolicy: "all",
  deletionPolicy: "delete",
});

/** Which streams a run has. */
export interface Assets {
  streams: number;
  /** Whether each stream has a consumer. */
  consumers: boolean;
  replicas: 1 | 3;
}

/** The stack whose program declares the assets, and that of as many resources of a provider that does nothing. */
export const stacks = { assets: "bench", floor: "floor" } as const;
export type BenchStack = (typeof stacks)[keyof typeof stacks];

/** The provider that does nothing, beside the components of the project. */
export const floorProvider = {
  file: "components/floor/entry.js",
  source: `
require("../provider-process");
exports.create = async (inputs) => ({ id: inputs.name, outs: inputs });
exports.read = async (id, props) => ({ id, props });
`,
};

/** The Pulumi program of both stacks. The assets are declared over a connection of the provider. */
export const program = ({ streams, consumers, replicas }: Assets, connection: unknown): string => `
const { CustomResource, getStack } = require("@pulumi/pulumi");
const benchStream = ${benchStream.toString()};
const benchConsumer = ${benchConsumer.toString()};
const indexes = Array.from({ length: ${streams} }, (_, index) => index);
const programs = {
  ${stacks.floor}() {
    const __provider = 'exports.handler=()=>require(process.cwd()+"/${floorProvider.file}")';
    class Floor extends CustomResource {
      constructor(name, args, options) {
        super("pulumi-nodejs:dynamic/floor:Floor", name, { ...args, __provider }, options);
      }
    }
    for (const index of indexes) {
      const stream = new Floor(\`s\${index}\`, benchStream(index, ${replicas}), {});
      if (${consumers}) new Floor(\`s\${index}-worker\`, benchConsumer(index), { dependsOn: stream });
    }
  },
  ${stacks.assets}() {
    const { JetstreamProvider } = require("./components/jetstream/jetstream-provider");
    const { Stream } = require("./components/jetstream/stream");
    const { Consumer } = require("./components/jetstream/consumer");
    const provider = new JetstreamProvider("bench", ${JSON.stringify(connection)});
    for (const index of indexes) {
      const stream = new Stream(\`s\${index}\`, benchStream(index, ${replicas}), { provider });
      if (${consumers}) new Consumer(\`s\${index}-worker\`, benchConsumer(index), { provider, dependsOn: stream });
    }
  },
};
programs[getStack()]();
`;
