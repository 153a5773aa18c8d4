import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { printed } from './timed.ts'

/** The links of the host before anything is done: loopback, uplink, and what the kernel puts into each new netns. */
const kept = new Set<string>()

const FORWARD = '/proc/sys/net/ipv4/ip_forward'

/**
 * Makes the host in which all contestants work, inside namespaces of its own: a `/run` in memory, an uplink `eth0` with a
 * default route, at whose other end nobody listens, and the tables of iptables, so that nobody has to make them.
 */
export function makeWorld(): void {
  printed(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'bench', '/run'])
  for (const dir of ['/run/netns', '/run/lock']) mkdirSync(dir)
  const lines = [
    'link set lo up',
    'link add eth0 type veth peer name wire',
    'link set eth0 addrgenmode none',
    'link set wire addrgenmode none',
    'link set eth0 up',
    'link set wire up',
    'address add 192.0.2.2/24 dev eth0',
    'route add default via 192.0.2.1',
  ]
  printed(['ip', '-batch', '-'], lines.join('\n'))
  for (const change of ['-A', '-D'])
    for (const chain of [
      ['-t', 'nat', change, 'POSTROUTING'],
      [change, 'FORWARD'],
    ])
      printed(['iptables', '-w', ...chain, '-o', 'eth0', '-j', 'ACCEPT'])
  for (const name of linkNames()) kept.add(name)
}

/** What a job has made in the world. */
export interface Sight {
  readonly netns: readonly string[]
  readonly links: number
  /** Rules of iptables that accept or masquerade. */
  readonly rules: number
  readonly forwards: boolean
}

/** Looks at the world. */
export function look(): Sight {
  return {
    netns: listNetns(),
    links: newLinks().length,
    rules: (printed(['iptables-save']).match(/^-A .*-j (ACCEPT|MASQUERADE)/gm) ?? []).length,
    forwards: readFileSync(FORWARD, 'utf8').trim() === '1',
  }
}

/** Names the netns that there are. */
export const listNetns = (): readonly string[] => readdirSync('/run/netns').toSorted()

const linkNames = (): readonly string[] =>
  printed(['ip', '-brief', 'link', 'show'])
    .trim()
    .split('\n')
    .map((line) => line.split(/[\s@]/)[0]!)

const newLinks = (): readonly string[] => linkNames().filter((name) => !kept.has(name))

/** Expects the job to be done: netns of which the first and the last have an address and a default route, and the rules. */
export function expectDone(count: number, rules: number): void {
  const seen = look()
  const inside = [seen.netns[0], seen.netns.at(-1)].map((netns) => netns !== undefined && isConnected(netns))
  const well = seen.netns.length === count && seen.links >= count && seen.rules === rules && seen.forwards
  if (well && !inside.includes(false)) return
  const { netns, ...rest } = seen
  const found = JSON.stringify({ netns: netns.length, ...rest, inside })
  throw new Error(`did not do the job of ${count} netns and ${rules} rules: found ${found}`)
}

const isConnected = (netns: string): boolean =>
  / dev (\S+)/.test(printed(['ip', '-n', netns, 'route', 'show', 'default'])) &&
  printed(['ip', '-n', netns, '-brief', '-4', 'address', 'show', 'up', 'scope', 'global']).includes(' 10.')

/** How long the kernel may take to take away what was deleted, in milliseconds: some at 1,000 netns. */
const SETTLE_MS = 120_000

/** Waits until nothing of a job is left: a netns is gone from the list before its links are. @throws when something stays */
export function expectClean(): void {
  const deadline = performance.now() + SETTLE_MS
  for (let distance = 5; ; distance = Math.min(200, distance * 2)) {
    const { netns, links, rules, forwards } = look()
    if (netns.length + links + rules === 0 && !forwards) return
    if (performance.now() > deadline)
      throw new Error(`left behind: ${netns.length} netns, ${links} links, ${rules} rules, forwarding ${forwards}`)
    sleep(distance)
  }
}

/** Takes away whatever a job left. */
export function cleanUp(): void {
  const lost = newLinks().map((name) => `link delete dev ${name}`)
  printed(['iptables-restore'], '*nat\nCOMMIT\n*filter\nCOMMIT\n')
  // ends of one veth go together, so that some of the lines find nothing
  if (lost.length > 0) printed(['sh', '-c', 'ip -force -batch - 2>/dev/null || true'], lost.join('\n'))
  const names = listNetns().map((name) => `netns delete ${name}`)
  if (names.length > 0) printed(['ip', '-force', '-batch', '-'], names.join('\n'))
  writeFileSync(FORWARD, '0')
  expectClean()
}

/** Does nothing for some milliseconds. */
export function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
