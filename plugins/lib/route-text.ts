import { ofText } from '../../core/memo.ts'
import { canonical } from '../../core/net.ts'
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
export const parseRoutes = ofText((stdout): readonly RouteWords[] => {
  expectRoutes(stdout)
  return stdout
    .replace(/\n[ \t]+nh_info.*/g, '')
    .replace(/\n[ \t]+/g, ' ')
    .split('\n')
    .map((line) => line.split(/\s+/).filter((word, at, all) => word !== '' && !isOutputOnly(word, all[at - 1])))
    .filter((words) => words.length > 1)
    .map(([type, ...words]) => settable([types[Number(type)] ?? type!, ...words]))
})

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

/**
 * Says whether a route that is there is the one that the words of a step ask for: each of them is there, and besides only
 * what the kernel adds by itself. Words that the kernel has said of a route (they have a protocol) ask for nothing.
 */
export function isAsAsked(asked: RouteWords, there: RouteWords): boolean {
  if (asked.includes('proto')) return false
  const [wanted, found] = [pairsOf(asked), pairsOf(there)]
  const isOwn = (pair: string): boolean => wanted.includes(pair) || ADDED.test(pair)
  const sameStart = asked[0] === there[0] && destinationOf(asked) === destinationOf(there)
  return sameStart && wanted.every((pair) => found.includes(pair)) && found.every(isOwn)
}

/** What a route has that was not asked for: where its gateway is, and what routes have by default. */
const ADDED = /^(dev|scope|pref|table) |^proto (boot|3)$|^metric 1024$/

/** Writes what a route says behind its destination as words with their values. */
function pairsOf(route: RouteWords): readonly string[] {
  const pairs: string[] = []
  for (let at = 2; at < route.length; at++) {
    const word = route[at]!
    const skipped = word === 'onlink' ? 0 : word === 'via' && route[at + 1] === 'inet6' ? 2 : 1
    const value = skipped === 0 ? '' : (route[at + skipped] ?? '')
    pairs.push(`${word} ${value.includes(':') ? canonical(value) : value}`)
    at += skipped
  }
  return pairs
}

/** Writes where a route leads to as the steps do. */
export const destinationOf = ([, to = '']: RouteWords): string => (to.includes(':') ? canonical(to) : to)

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
