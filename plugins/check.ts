import { z } from 'zod'
import { inNetns, type Command } from '../core/command.ts'
import { hostAddress, netnsName } from '../core/net.ts'
import { inside } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, type Plan } from '../core/step.ts'
import { place } from './lib/ip-json.ts'
import { parsePing, parseTcp, type Reach } from './lib/ping-text.ts'
import { tcpScript } from './lib/tcp-connect.ts'
import { whyUnreachable } from './lib/why-unreachable.ts'

const host = z
  .string()
  .regex(
    /^(?!-)[^\s\x00-\x1f\x7f]{1,253}$/,
    'expected a name or an address, not starting with "-" and without white space',
  )
  .meta({ description: 'whom to ping', examples: ['1.1.1.1', 'example.org'] })

const endpoint = z
  .string()
  .regex(
    /^(?!-)(\[[0-9A-Fa-f:.]+(%[\w.-]+)?\]|[^\s\x00-\x1f\x7f:[\]]{1,253}):\d{1,5}$/,
    'expected "host:port" or "[address]:port"',
  )
  .refine((text) => portOf(text) >= 1 && portOf(text) <= 65_535, 'expected a port from 1 to 65535')
  .meta({ description: 'whom to connect to', examples: ['example.org:443', '[2001:db8::1]:22'] })

const seconds = (from: number, to: number, preset: number, description: string) =>
  z.number().min(from).max(to).default(preset).meta({ description, default: preset })

const input = z
  .strictObject({
    netns: netnsName.optional(),
    ping: host.optional(),
    tcp: endpoint.optional(),
    count: z.int().min(1).max(100).default(2).meta({ description: 'packets of one try', default: 2 }),
    timeout: seconds(1, 60, 2, 'seconds to wait for an answer'),
    within: seconds(0, 3600, 10, 'seconds until which it is tried again'),
    every: seconds(0.1, 60, 1, 'seconds between two tries'),
    source: hostAddress.optional(),
    family: z.enum(['ipv4', 'ipv6']).optional(),
  })
  .refine(({ ping, tcp }) => (ping === undefined) !== (tcp === undefined), {
    error: 'expected either "ping" or "tcp"',
    path: ['ping'],
  })

/**
 * Proves that somebody can be reached: by ICMP echo (at least one of `count` packets is answered), or by connecting with
 * TCP. Changes nothing. It is tried again until it succeeds or `within` seconds are over.
 *
 * @see ping(8)
 */
export default defineStep({
  type: 'check',
  summary: 'Proves that a host can be reached.',
  input,
  onlyLooks: true,
  resources: ({ netns }) => ({ uses: inside(netns) }),
  probe: (wanted) => (wanted.tcp === undefined ? pingOf(wanted, wanted.ping!) : connectTo(wanted, wanted.tcp)),
  observe: ({ stdout, stderr, exitCode }, { tcp }): Reach =>
    tcp === undefined ? parsePing(stdout, stderr, exitCode) : parseTcp(stdout),
  plan: ({ netns, ping, tcp }, { ok, error }): Plan =>
    ok
      ? nothingToDo
      : conflict(`${ping ?? tcp} cannot be reached from ${place(netns)}: ${error}`, hintFor(netns, error)),
  patience: ({ within, every }) => ({ forMs: within * 1000, everyMs: every * 1000 }),
  diagnosis: whyUnreachable,
  outputs: {
    summary: (reach) => summaryOf(reach),
    loss: ({ lossPercent }) => lossPercent,
    min: ({ rtt }) => rtt?.min ?? null,
    avg: ({ rtt }) => rtt?.avg ?? null,
    max: ({ rtt }) => rtt?.max ?? null,
    ms: ({ ms }) => ms,
  },
})

type Input = z.output<typeof input>

/** What came of it, in words. */
function summaryOf({ lossPercent, rtt, ms }: Reach): string {
  if (ms !== null) return `connected in ${ms} ms`
  const times = rtt === null ? '' : `, rtt min/avg/max ${rtt.min}/${rtt.avg}/${rtt.max} ms`
  return `answered: ${lossPercent}% packet loss${times}`
}

/** Seconds between two packets: the least that users other than root may ask for in every version. */
const INTERVAL = 0.2

/** Seconds that resolving a name may take: three servers, each asked twice for 5 s. @see resolv.conf(5) */
const RESOLVING = 30

function pingOf({ netns, count, timeout, source, family }: Input, target: string): Command {
  const version = family === undefined ? [] : [family === 'ipv4' ? '-4' : '-6']
  const from = source === undefined ? [] : ['-I', source]
  const options = ['-n', '-c', `${count}`, '-i', `${INTERVAL}`, '-W', `${timeout}`, ...version, ...from]
  return {
    argv: inNetns(netns, ['ping', ...options, '--', target]),
    // 1 when nobody answered, 2 when the name is not known or there is no route
    okExits: [0, 1, 2],
    timeoutMs: (count * (INTERVAL + timeout) + RESOLVING) * 1000,
  }
}

function connectTo({ netns, timeout, source = '', family }: Input, target: string): Command {
  const name = target.slice(0, target.lastIndexOf(':')).replace(/^\[|\]$/g, '')
  const version = family === undefined ? '0' : family.slice(-1)
  const args = [name, `${portOf(target)}`, `${timeout * 1000}`, version, source]
  return {
    argv: inNetns(netns, [process.execPath, '-e', tcpScript, ...args]),
    timeoutMs: (timeout + RESOLVING) * 1000,
  }
}

function portOf(target: string): number {
  return Number(target.slice(target.lastIndexOf(':') + 1))
}

const hints: readonly (readonly [RegExp, (netns: string | undefined) => string])[] = [
  [
    /name resolution|not known|No address associated|ENOTFOUND|EAI_AGAIN/,
    (netns) =>
      `names are resolved by ${netns === undefined ? '' : `/etc/netns/${netns}/resolv.conf, else `}/etc/resolv.conf`,
  ],
  [
    /unreachable|ENETUNREACH|EHOSTUNREACH/i,
    (netns) => `is there a route to it and back in ${place(netns)}, is its link up?`,
  ],
  [/ECONNREFUSED/, () => 'the host answers, but nothing listens on that port'],
  [
    /packet loss|no answer|ETIMEDOUT/,
    () => 'a packet needs net.ipv4.ip_forward and the consent of every forward chain on its way, and a route back',
  ],
]

const hintFor = (netns: string | undefined, error: string): string | undefined =>
  hints.find(([symptom]) => symptom.test(error))?.[1](netns)
