import { BlockList, isIPv4, isIPv6 } from 'node:net'

// IANA special-purpose registries (RFC 6890 and successors) and multicast: nothing of these is on the public internet.
const special4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]
// Within global unicast: protocol assignments with Teredo, documentation, 6to4.
const special6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]
// What a name server for IPv6-only networks (NAT64, RFC 6052) makes of an IPv4 address.
const nat64 = '64:ff9b::'

const refused = new BlockList()
const global6 = new BlockList()
for (const [net, prefix] of special4) {
  refused.addSubnet(net, prefix, 'ipv4')
  refused.addSubnet(`${nat64}${net}`, 96 + prefix, 'ipv6')
}
for (const [net, prefix] of special6) refused.addSubnet(net, prefix, 'ipv6')
global6.addSubnet('2000::', 3, 'ipv6')
global6.addSubnet(nat64, 96, 'ipv6')

/** Whether an IP address (without brackets) is one of the public internet; false for whatever is no address. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !refused.check(address, 'ipv4')
  // An address with a zone is link-local.
  if (!isIPv6(address) || address.includes('%')) return false
  return global6.check(address, 'ipv6') && !refused.check(address, 'ipv6')
}
