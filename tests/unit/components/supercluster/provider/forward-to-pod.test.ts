import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Writable } from "node:stream";
import { forwardToPod } from "../../../../../components/supercluster/provider/forward-to-pod";

/** The library's WebSocket to a pod. */
class Tunnel extends EventEmitter {
  isClosed = false;
  addEventListener = (type: "close", listener: () => void): void => void this.on(type, listener);
  close(): void {
    this.isClosed = true;
    this.emit("close");
  }
}

const pod = { namespace: "nats", name: "iad-0", port: 4222 };

describe("a client that is forwarded to a pod", () => {
  const server = createServer();
  let client: Socket;
  let socket: Socket;
  let tunnel: Tunnel;
  let toClient: Writable;
  const forwarder = {
    portForward: (_namespace: string, _pod: string, _ports: number[], output: Writable) => {
      toClient = output;
      return Promise.resolve(tunnel);
    },
  };
  before(() => once(server.listen(0, "127.0.0.1"), "listening"));
  after(() => void server.close());
  beforeEach(async () => {
    tunnel = new Tunnel();
    const accepted = once(server, "connection");
    client = connect((server.address() as AddressInfo).port, "127.0.0.1");
    client.setEncoding("utf8");
    [socket] = (await accepted) as [Socket];
  });
  afterEach(() => void client.destroy());

  it("is disconnected when the pod is gone, after what came before", async () => {
    await forwardToPod(forwarder, pod, socket);
    let received = "";
    client.on("data", (text: string) => (received += text));
    toClient.write("-ERR 'Server Shutdown'");
    tunnel.close();
    await once(client, "close");
    assert.equal(received, "-ERR 'Server Shutdown'");
  });

  it("leaves no connection to the pod behind when it is gone itself, also before there is one", async () => {
    await forwardToPod(forwarder, pod, socket);
    socket.destroy();
    await once(socket, "close");
    assert.ok(tunnel.isClosed);

    const late = new Tunnel();
    tunnel = late;
    await forwardToPod(forwarder, pod, socket);
    assert.ok(late.isClosed);
  });
});
