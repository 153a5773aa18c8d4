/**
 * The words of Linux networking for authors of steps: `import { ip, linkName, parseLinks } from 'nsnet/net'`.
 *
 * Schemas for inputs (each says what it expected), commands of iproute2, keys of resources, and readers of what its
 * tools print. `nsnet` exports the schemas, commands and keys too.
 *
 * @packageDocumentation
 */
export { HANDLE, HOST_NETNS, inNetns, ip, netnsOf, show } from '../core/command.ts'
export { cidrhost } from '../core/host-number.ts'
export {
  address,
  canonical,
  familyOf,
  hostAddress,
  liesIn,
  linkName,
  mac,
  mtu,
  netnsName,
  networkOf,
  prefix,
} from '../core/net.ts'
export { everyKey, inside, keyIn, linkKey, netnsKey, type ResourceKey, type Resources } from '../core/resource.ts'
export { listNetns, parseNetns } from '../core/netns-files.ts'
export {
  isUp,
  kindOf,
  linkNamed,
  listLinks,
  namesOf,
  parseLinks,
  parseSysctls,
  place,
  type IpAddress,
  type IpLink,
} from '../plugins/lib/ip-json.ts'
export { parseRoutes, valueOf, type RouteWords } from '../plugins/lib/route-text.ts'
export { didYouMean, nearNames } from '../plugins/lib/near-names.ts'
