import { expectLines } from './expect-lines.ts'

/**
 * A route as words that `ip route add` takes: its type, its destination, then its attributes. What only tells the state
 * of a link or of the hardware is left out.
 *
 * @see ip-route(8)
 */
export type RouteWords = readonly string[]

/**
 * Reads `ip [-N] -details route show table all` of one family. The nexthops of a route follow it on lines of their own.
 * A route over a nexthop object names the object only: the kernel refuses the object together with what is in it.
 */
export function parseRoutes(stdout: string): readonly RouteWords[] {
  expectRoutes(stdout)
  return stdout
    .replace(/\n[ \t]+nh_info.*/g, '')
    .replace(/\n[ \t]+/g, ' ')
    .split('\n')
    .map((line) => line.split(/\s+/).filter((word, at, all) => word !== '' && !isOutputOnly(word, all[at - 1])))
    .filter((words) => words.length > 1)
    .map(([type, ...words]) => settable([types[Number(type)] ?? type!, ...words]))
}

/** Expects lines as `ip -details route show` prints them. @throws when they are others */
export function expectRoutes(stdout: string): void {
  expectLines(stdout, /^(\s|\w+ (default|[\da-f:.]+(\/\d+)?)( |$))/, 'routes')
}

/** Finds what follows a word: `valueOf(route, 'dev')`; undefined when the word is not there. */
export function valueOf(route: RouteWords, word: string): string | undefined {
  const at = route.indexOf(word, 2)
  if (at === -1) return undefined
  return word === 'via' && route[at + 1] === 'inet6' ? route[at + 2] : route[at + 1]
}

/** Says why a route could not be put back as it is, once it has been replaced; undefined when it could. */
export function unrestorable(route: RouteWords): string | undefined {
  if (route.includes('expires')) return 'expires by itself'
  if (route.includes('encap')) return 'has an encapsulation'
  return undefined
}

function settable(route: RouteWords): RouteWords {
  if (route.includes('nhid')) return withoutPairs(route.slice(0, cutAt(route, 'nexthop')), ['via', 'dev', 'weight'])
  return route[0] === 'unicast' ? withoutPairs(route, ['error']) : withoutPairs(route, ['error', 'dev'])
}

const cutAt = (route: RouteWords, word: string): number => (route.includes(word) ? route.indexOf(word) : route.length)

function withoutPairs(route: RouteWords, firsts: readonly string[]): RouteWords {
  const at = route.findIndex((word, index) => index > 1 && firsts.includes(word))
  if (at === -1) return route
  const length = route[at] === 'via' && route[at + 1] === 'inet6' ? 3 : 2
  return withoutPairs([...route.slice(0, at), ...route.slice(at + length)], firsts)
}

/** Names of the numbers that `-N` prints. @see rtnetlink(7) */
const types = [
  'unspec',
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
]

/** `rto_min` locks by itself, and is given without the word. */
const isOutputOnly = (word: string, last: string | undefined): boolean =>
  linkState.has(word) || (word === 'lock' && last === 'rto_min')

const linkState = new Set(
  'dead linkdown pervasive offload offload_failed trap rt_offload rt_offload_failed rt_trap unresolved'.split(' '),
)
