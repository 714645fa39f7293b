import * as dns from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** Networks that are not the internet: RFC 6890, multicast, and those that lead to IPv4 by another notation. */
const notPublic = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const network of [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
  "::/96",
  "::ffff:0:0/96",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "fc00::/7",
  "fe80::/10",
  "ff00::/8",
]) {
  const [address = "", prefix] = network.split("/");
  notPublic[familyOf(address)].addSubnet(address, Number(prefix), familyOf(address));
}

/** Whether an address is one of the internet, not of this machine, this network or this cloud (169.254.169.254). */
export const isPublic = (address: string): boolean => !notPublic[familyOf(address)].check(address, familyOf(address));

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}

/** An address that a webhook must not be sent to. */
export class PrivateAddressError extends Error {
  override readonly name = "PrivateAddressError";

  constructor(host: string, address: string) {
    super(`${host} is ${host === address ? "" : `at ${address}, `}not an address of the internet`);
  }
}

/**
 * Looks a name up and refuses addresses that are not public, for the connection that is about to be opened: a check of
 * the URL before it would not hold, because the second look-up of a name may have another answer.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, []);
    const refused = addresses.find(({ address }) => !isPublic(address));
    if (refused) return callback(new PrivateAddressError(hostname, refused.address), []);
    if (options.all) return callback(null, addresses);
    const [first] = addresses;
    callback(null, first?.address ?? "", first?.family);
  });
};
