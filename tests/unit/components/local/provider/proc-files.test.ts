import assert from "node:assert/strict";
import { listeningSockets } from "../../../../../components/local/provider/proc-files";

const heading = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const row = (local: string, state: string, inode: number) =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  1000        0 ` +
  `${inode} 1 0 100 0 0 10 0\n`;

describe("/proc/net/tcp", () => {
  it("names the sockets that listen on a port, and no connections of it or other ports", () => {
    const table =
      heading +
      row("0100007F:107A", "0A", 11) +
      row("0100007F:107A", "01", 12) +
      row("0100007F:107B", "0A", 13) +
      row("00000000:107A", "0A", 14);
    assert.deepEqual(listeningSockets(table, 0x107a), ["socket:[11]", "socket:[14]"]);
    assert.deepEqual(listeningSockets(table, 4242), []);
  });

  it("is read in its form for IPv6 too", () => {
    const table = heading + row("00000000000000000000000001000000:107A", "0A", 15);
    assert.deepEqual(listeningSockets(table, 0x107a), ["socket:[15]"]);
  });

  it("may be empty or missing", () => {
    for (const table of ["", heading]) assert.deepEqual(listeningSockets(table, 4222), []);
  });
});
