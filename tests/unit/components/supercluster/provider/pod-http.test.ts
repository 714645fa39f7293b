import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { setImmediate } from "node:timers/promises";
import { issue, makeAuthority } from "../../../../support/certificates";
import { waitMs } from "../../../../support/limits";
import { type Forwarder, getFromPod, PodAnswer } from "../../../../../components/supercluster/provider/pod-http";

type Forward = Forwarder["portForward"];

describe("a pod that is read by port-forwarding", () => {
  const server = createServer(({ url }, response) =>
    response.writeHead(url === "/healthz" ? 503 : 200).end(url === "/varz" ? "x".repeat(200_000) : `{"path":"${url}"}`),
  );
  before(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  after(() => void server.close());
  const pod = { namespace: "nats", name: "iad-0", port: 8222 };
  const asked: unknown[] = [];
  let closed = 0;

  /** As the library does: what comes is written to `output`, what is read from `input` goes to the pod. */
  const to =
    (port: number): Forward =>
    (_namespace, _name, _ports, output, _errors, input) => {
      const socket = connect(port, "127.0.0.1");
      socket.on("data", (data) => output.write(data));
      input.on("data", (data) => socket.write(data as Buffer));
      return Promise.resolve({ close: () => ((closed += 1), socket.destroy()) });
    };
  const through: Forward = (namespace, name, ports, ...streams) => {
    asked.push([namespace, name, ports]);
    return to((server.address() as AddressInfo).port)(namespace, name, ports, ...streams);
  };

  it("gives the body, and closes the connection", async () => {
    assert.equal(await getFromPod({ portForward: through }, pod, "jsz?leader=1", waitMs), '{"path":"/jsz?leader=1"}');
    assert.equal((await getFromPod({ portForward: through }, pod, "varz", waitMs)).length, 200_000);
    assert.deepEqual(asked[0], ["nats", "iad-0", [8222]]);
    assert.equal(closed, 2);
  });

  it("is read over TLS where it serves that, whatever CA its certificate is of", async () => {
    const { cert, key } = await issue(await makeAuthority("any"), "server");
    const secured = createSecureServer({ cert, key }, (_, response) => response.end("over TLS"));
    await once(secured.listen(0, "127.0.0.1"), "listening");
    const { port } = secured.address() as AddressInfo;
    const secure = { ...pod, scheme: "https" } as const;
    assert.equal(await getFromPod({ portForward: to(port) }, secure, "varz", waitMs), "over TLS");
    await assert.rejects(getFromPod({ portForward: to(port) }, pod, "varz"));
    secured.close();
  });

  it("is told apart by its status, as an answer of the server", async () => {
    await assert.rejects(getFromPod({ portForward: through }, pod, "healthz", waitMs), (error) => {
      assert.ok(error instanceof PodAnswer);
      assert.deepEqual([error.code, error.body], [503, '{"path":"/healthz"}']);
      return true;
    });
  });

  it("fails where the port is not served, or cannot be forwarded", async () => {
    const refused: Forward = (_namespace, _name, _ports, _output, errors) => {
      errors.write("connection refused");
      return Promise.resolve({ close: () => undefined });
    };
    await assert.rejects(getFromPod({ portForward: refused }, pod, "varz"), /connection refused/);
    const forbidden: Forward = () => Promise.reject(new Error("403"));
    await assert.rejects(getFromPod({ portForward: forbidden }, pod, "varz"), /403/);
  });

  it("fails where the connection to the API server is never answered, and closes it when it opens later", async () => {
    let isClosed = false;
    let open = (): void => undefined;
    const late: Forward = () =>
      new Promise((resolve) => (open = () => resolve({ close: () => void (isClosed = true) })));
    await assert.rejects(getFromPod({ portForward: late }, pod, "varz", 50), /^Error: no answer within 0\.05 s$/);
    open();
    await setImmediate();
    assert.ok(isClosed);
  });

  it("fails where the pod never answers, and closes the connection", async () => {
    let isClosed = false;
    const silent: Forward = () => Promise.resolve({ close: () => void (isClosed = true) });
    await assert.rejects(getFromPod({ portForward: silent }, pod, "varz", 50), /^Error: no answer within 0\.05 s$/);
    assert.ok(isClosed);
  });
});
