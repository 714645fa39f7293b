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

/** The Pulumi program that declares them, over a connection of the provider. */
export const program = ({ streams, consumers, replicas }: Assets, connection: unknown): string => `
import { JetstreamProvider } from "./components/jetstream/jetstream-provider";
import { Stream } from "./components/jetstream/stream";
import { Consumer } from "./components/jetstream/consumer";
const provider = new JetstreamProvider("bench", ${JSON.stringify(connection)} as never);
const benchStream = ${benchStream.toString()};
const benchConsumer = ${benchConsumer.toString()};
for (let index = 0; index < ${streams}; index++) {
  const stream = new Stream(\`s\${index}\`, benchStream(index, ${replicas}) as never, { provider });
  if (${consumers}) new Consumer(\`s\${index}-worker\`, benchConsumer(index) as never, { provider, dependsOn: stream });
}
`;
