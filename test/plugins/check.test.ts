import { expect, test } from 'vitest'
import { fingerprint } from '../../core/fingerprint.ts'
import check from '../../plugins/check.ts'
import { on } from '../support/conforms.ts'
import { context, given } from '../support/given.ts'
import { privateKernel, type Kernel } from '../support/kernel.ts'

const quick = { timeout: 1, within: 0 }
const far = given(check, { ping: '10.0.0.2', netns: 'ns1' })
const unanswered = { to: null, transmitted: 2, received: 0, lossPercent: 100, rtt: null, ms: null }

const answered = `PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.
64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=0.045 ms

--- 10.0.0.2 ping statistics ---
3 packets transmitted, 2 received, +1 duplicates, 33.3333% packet loss, time 2026ms
rtt min/avg/max/mdev = 0.045/0.048/0.052/0.003 ms, pipe 2
`

test('reads what ping counted', () =>
  expect(far.observes(answered)).toEqual({
    ok: true,
    to: '10.0.0.2',
    transmitted: 3,
    received: 2,
    lossPercent: 33.3333,
    rtt: { min: 0.045, avg: 0.048, max: 0.052, mdev: 0.003 },
    ms: null,
    error: '',
  }))

test('is satisfied when somebody answers', () => far.seeing(far.observes(answered)).isSatisfied())

test('says who cannot be reached from where, and why', () =>
  far
    .seeing({ ...unanswered, ok: false, error: '100% packet loss' })
    .conflicts('10.0.0.2 cannot be reached from netns ns1: 100% packet loss'))

test.each([
  ['example.invalid: Name or service not known', '/etc/netns/ns1/resolv.conf'],
  ['connect: Network is unreachable', 'a route to it'],
  ['connect ECONNREFUSED 10.0.0.2:80', 'nothing listens'],
  ['100% packet loss', 'every forward chain'],
])('gives a hint for "%s"', (error, hint) => {
  const plan = check.plan(far.input, { ...unanswered, ok: false, error }, context)
  expect(plan).toMatchObject({ hint: expect.stringContaining(hint) })
})

test('is patient for ten seconds, and looks every second', () =>
  expect(check.patience!(far.input)).toEqual({ forMs: 10_000, everyMs: 1000 }))

test.each([
  {},
  { ping: 'a', tcp: 'a:1' },
  { ping: '-f' },
  { ping: 'a b' },
  { ping: 'a\n' },
  { ping: 'a', count: 0 },
  { ping: 'a', timeout: 61 },
  { tcp: 'a' },
  { tcp: 'a:0' },
  { tcp: 'a:65536' },
  { tcp: '-a:1' },
  { tcp: 'fd00::1:80' },
])('refuses %j', (input) => expect(() => given(check, input)).toThrow('expected'))

test.each([
  [{ ping: '10.0.0.2' }],
  [{ ping: '10.0.0.1', netns: 'ns1', source: '10.0.0.2', count: 1 }],
  [{ ping: 'fd00::2', family: 'ipv6' }],
  [{ ping: 'fd00::1', netns: 'ns1' }],
  [{ ping: 'fe80::1%lan', netns: 'ns1' }],
])('reaches %j, and changes nothing', async (input) => {
  const kernel = await joined()
  const before = await fingerprint(kernel.exec)
  const seen = await on(kernel, check, input).observe()
  expect(seen).toMatchObject({ ok: true, lossPercent: 0, error: '' })
  expect(seen.rtt!.avg).toBeGreaterThan(0)
  expect(await on(kernel, check, input).plan()).toMatchObject({ apply: [] })
  expect(await fingerprint(kernel.exec)).toEqual(before)
})

test.each([
  [
    { ping: '10.0.0.9' },
    /10\.0\.0\.9 cannot be reached from the host: (100% packet loss|Destination Host Unreachable)/,
  ],
  [{ ping: '192.0.2.1', netns: 'ns1' }, 'from netns ns1: connect: Network is unreachable'],
  [{ ping: '2001:db8::1' }, 'Network is unreachable'],
  [{ ping: 'host.invalid', netns: 'ns1' }, 'name resolution|not known'],
  [{ tcp: '10.0.0.2:9' }, 'ECONNREFUSED'],
  [{ tcp: '192.0.2.1:9' }, 'ENETUNREACH'],
])('cannot reach %j', async (input, message) => {
  const kernel = await joined()
  expect((await on(kernel, check, { ...input, ...quick }).plan()).conflict).toMatch(new RegExp(message))
})

test('gives up connecting to somebody who does not answer', async () => {
  const kernel = await joined()
  await kernel.sh('ip netns exec ns1 iptables-nft -w -A INPUT -j DROP')
  const { conflict } = await on(kernel, check, { tcp: '10.0.0.2:9', ...quick }).plan()
  expect(conflict).toMatch('no answer within 1000 ms')
})

test.each([
  ['10.0.0.2', '10.0.0.2:7000'],
  ['fd00::2', '[fd00::2]:7000'],
])('connects to a listener on %s in a netns', async (address, tcp) => {
  const kernel = await joined()
  const script = `require('net').createServer((s) => s.end()).listen(7000, '${address}')`
  const listener = kernel.exec({
    argv: ['ip', 'netns', 'exec', 'ns1', process.execPath, '-e', script],
    timeoutMs: 20_000,
  })
  await expect.poll(() => kernel.sh('ip netns exec ns1 ss -Hltn'), { timeout: 10_000 }).toContain(':7000')
  const seen = await on(kernel, check, { tcp }).observe()
  expect(seen).toMatchObject({ ok: true, error: '', rtt: null })
  expect(check.outputs!['ms']!(seen, far.input)).toBeGreaterThan(0)
  const pids = await kernel.sh('ip netns pids ns1')
  await kernel.sh(`kill ${pids.trim().split('\n').join(' ')}`)
  await listener
})

/** A kernel whose host and netns ns1 are joined by a veth, with addresses of both families. */
async function joined(): Promise<Kernel> {
  const kernel = await privateKernel()
  await kernel.sh('ip netns add ns1')
  await kernel.sh('ip link add name lan type veth peer name lan netns ns1')
  for (const [netns, end] of [['', 1] as const, ['-n ns1 ', 2] as const]) {
    await kernel.sh(`ip ${netns}link set dev lan addrgenmode none`)
    await kernel.sh(`ip ${netns}link set dev lan up`)
    await kernel.sh(`ip ${netns}address add 10.0.0.${end}/24 dev lan`)
    await kernel.sh(`ip ${netns}address add fd00::${end}/64 dev lan nodad`)
    await kernel.sh(`ip ${netns}address add fe80::${end}/64 dev lan nodad`)
  }
  return kernel
}
