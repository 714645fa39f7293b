/** Reads what Linux writes into files under /proc: https://man7.org/linux/man-pages/man5/proc.5.html */

/** State of a socket in /proc/net/tcp. */
const listening = "0A";

/**
 * The sockets that listen on a port, as links in /proc/<pid>/fd name them: `socket:[<inode>]`.
 *
 * @param table content of /proc/net/tcp or /proc/net/tcp6; "" where there is none
 */
export const listeningSockets = (table: string, port: number): string[] =>
  table
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === listening && parseInt(local!.split(":")[1]!, 16) === port)
    .map((fields) => `socket:[${fields[9]}]`);
