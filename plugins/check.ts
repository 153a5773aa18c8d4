import { inNetns, type Command } from '../core/command.ts'
import { inside } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, type Plan } from '../core/step.ts'
import { checkDocs } from './docs/check.ts'
import { input, type Input } from './lib/check-input.ts'
import { place } from './lib/ip-json.ts'
import { parsePing, parseTcp, type Reach } from './lib/ping-text.ts'
import { connectTo, RESOLVING } from './lib/tcp-connect.ts'
import { whyUnreachable } from './lib/why-unreachable.ts'

/**
 * Proves that somebody can be reached: by ICMP echo (at least one of `count` packets is answered), or by connecting with
 * TCP. Changes nothing. It is tried again until it succeeds or `within` seconds are over.
 *
 * @see ping(8)
 */
export default defineStep({
  type: 'check',
  summary: 'Proves that a host can be reached.',
  docs: checkDocs,
  input,
  onlyLooks: true,
  exitCodeTells: true,
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
  sketch: ({ netns, ping, tcp }) => [
    { draw: 'check', netns, by: tcp === undefined ? 'ping' : 'tcp', target: ping ?? tcp! },
  ],
})

/** What came of it, in words. */
function summaryOf({ lossPercent, rtt, ms }: Reach): string {
  if (ms !== null) return `connected in ${ms} ms`
  return `answered${rtt === null ? '' : ` in ${rtt.avg} ms`}, ${lossPercent}% lost`
}

/** Seconds between two packets: the least that users other than root may ask for in every version. */
const INTERVAL = 0.2

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
