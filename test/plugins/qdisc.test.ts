import { expect, test } from 'vitest'
import { fingerprint } from '../../core/fingerprint.ts'
import qdisc from '../../plugins/qdisc.ts'
import { conforms, on } from '../support/conforms.ts'
import { context, given, printed } from '../support/given.ts'
import { cable } from '../support/cable.ts'
import { privateKernel, type Kernel } from '../support/kernel.ts'

const bare = { link: [3, '02:00:00:00:00:01'] as const, root: null }
const slow = { link: 'a', kind: 'tbf', rate: '1.5mbit', burst: '32kb' }

test.each([
  [slow, 'tbf rate 1500000bit burst 32768b latency 50000us'],
  [{ ...slow, latency: '0.4s' }, 'tbf rate 1500000bit burst 32768b latency 400000us'],
  [
    { link: 'a', kind: 'netem', rate: '1gbit', loss: 1.5, delay: '100ms', jitter: '10ms', limit: 9, corrupt: 1 },
    'netem limit 9 delay 100000us 10000us loss 1.5% corrupt 1% rate 1000000000bit',
  ],
  [{ link: 'a', kind: 'fq_codel', target: '5ms', interval: '100ms' }, 'fq_codel target 5000us interval 100000us'],
  [{ link: 'a', kind: 'sfq', perturb: 10 }, 'sfq perturb 10'],
  [{ link: 'a', kind: 'pfifo' }, 'pfifo'],
])('writes %j', (input, words) =>
  given(qdisc, { ...input, netns: 'ns1' })
    .seeing(bare)
    .plans({
      apply: [`ip netns exec ns1 tc qdisc add dev a root ${words}`],
      undo: ['ip netns exec ns1 tc qdisc delete dev a root'],
    }),
)

test.each([
  [{ link: 'a', kind: 'tbf', rate: '1mbit' }, 'burst'],
  [{ ...slow, rate: '1mb' }, 'rate'],
  [{ ...slow, limit: 10 }, 'limit'],
  [{ link: 'a', kind: 'netem' }, 'delay'],
  [{ link: 'a', kind: 'netem', loss: 1, jitter: '1ms' }, 'delay'],
  [{ link: 'a', kind: 'netem', loss: 101 }, 'loss'],
  [{ link: 'a', kind: 'netem', delay: '61s' }, 'delay'],
])('refuses %j, for its %s', (input, field) =>
  expect(qdisc.input['~standard'].validate(input)).toMatchObject({ issues: [{ path: [field] }] }),
)

test('reads what tc prints of each kind', () => {
  const links = '[{"ifindex":3,"ifname":"a","flags":[],"mtu":1500}]'
  const wrongIn = (input: object, options: object) => {
    const root = { kind: (input as { kind: string }).kind, handle: '8001:', dev: 'a', root: true, options }
    return given(qdisc, { link: 'a', ...input }).observes(links, JSON.stringify([root])).root?.wrong
  }
  expect(wrongIn(slow, { rate: 187500, burst: '32Kb/1', lat: 50001 })).toEqual([])
  expect(wrongIn(slow, { rate: 187501.5, burst: 16000, limit: 3000 })).toEqual(['rate', 'burst', 'latency'])
  const line = { kind: 'netem', delay: '100ms', jitter: '10ms', loss: 1.5 }
  const seen = { limit: 1000, delay: { delay: 0.1, jitter: 0.01 }, 'loss-random': { loss: 0.015 } }
  expect(wrongIn(line, seen)).toEqual([])
  expect(wrongIn(line, { ...seen, rate: { rate: 125 }, delay: { delay: 0.2 } })).toEqual(['delay', 'jitter', 'rate'])
  expect(wrongIn({ kind: 'fq_codel', target: '5ms' }, { limit: 10240, target: 4999, interval: 99999 })).toEqual([])
  expect(wrongIn({ kind: 'sfq', perturb: 10 }, { limit: 127 })).toEqual(['perturb'])
})

test('takes the place of the qdisc of the kernel, and of no other', () => {
  given(qdisc, slow)
    .seeing({ ...bare, root: { kind: 'pfifo', handle: '1:', wrong: [] } })
    .conflicts('somebody gave it pfifo')
  given(qdisc, slow)
    .seeing({ ...bare, root: { kind: 'tbf', handle: '1:', wrong: ['rate'] } })
    .conflicts('somebody gave it tbf with another rate')
  given(qdisc, slow)
    .seeing({ ...bare, root: { kind: 'tbf', handle: '1:', wrong: [] } })
    .isSatisfied()
})

test('says which kind the kernel lacks, and of what module it is', () => {
  const { input } = given(qdisc, { link: 'a', kind: 'netem', loss: 1 })
  const output = { ...printed(''), stderr: 'Error: Specified qdisc kind is unknown.', exitCode: 2 }
  const failed = { ...context, output, state: undefined, around: [] }
  expect(qdisc.diagnosis!.probe(input, failed)).toHaveLength(1)
  expect(qdisc.diagnosis!.read([printed('6.1\n')], input, failed)).toBe(
    'this kernel (6.1) has no qdisc "netem"; where it is a module: modprobe sch_netem',
  )
})

test('conforms on the kernel: the qdisc of the kernel comes back', async () => {
  const kernel = await privateKernel()
  await cable(kernel, 'up')
  const kinds = [
    slow,
    { ...slow, rate: '10gbit', burst: '1mb', latency: '1ms' },
    { ...slow, rate: '8kbit', burst: '1600b' },
    { link: 'a', kind: 'pfifo', limit: 7 },
    { link: 'a', kind: 'bfifo', limit: 9000 },
    { link: 'b', netns: 'ns1', kind: 'pfifo' },
    { link: 'a', kind: 'netem', delay: '100ms', jitter: '10ms', loss: 1.5, duplicate: 1, corrupt: 1, rate: '1mbit' },
    { link: 'a', kind: 'fq_codel', target: '5ms', interval: '100ms', limit: 100 },
    { link: 'a', kind: 'sfq', perturb: 10 },
  ]
  const done: string[] = []
  for (const input of kinds)
    if (await knows(kernel, input.kind)) done.push((await conforms(kernel, qdisc, input), input.kind))
  expect(done).toEqual(expect.arrayContaining(['pfifo', 'bfifo']))
})

/** Says whether the kernel knows a kind: another error means that only its words are missing. */
async function knows({ exec }: Kernel, kind: string): Promise<boolean> {
  const { stderr } = await exec({ argv: ['tc', 'qdisc', 'add', 'dev', 'lo', 'root', kind], okExits: [0, 1, 2] })
  await exec({ argv: ['tc', 'qdisc', 'delete', 'dev', 'lo', 'root'] })
  return !stderr.includes('kind is unknown')
}

test('leaves what others set up, and the state of a link that was never up', async () => {
  const kernel = await privateKernel()
  await cable(kernel, 'down')
  await conforms(kernel, qdisc, { link: 'a', kind: 'pfifo', limit: 7 })
  await kernel.sh('ip link set dev a txqueuelen 0')
  await conforms(kernel, qdisc, { link: 'a', kind: 'pfifo', limit: 7 })
  await kernel.sh('tc qdisc add dev a root pfifo limit 9')
  const before = await fingerprint(kernel.exec)
  expect((await on(kernel, qdisc, { link: 'a', kind: 'pfifo', limit: 7 }).plan()).conflict).toContain('another limit')
  expect(await on(kernel, qdisc, { link: 'a', kind: 'pfifo', limit: 9 }).plan()).toMatchObject({ apply: [] })
  expect(await fingerprint(kernel.exec)).toEqual(before)
  expect((await on(kernel, qdisc, { link: 'ab', kind: 'pfifo' }).plan()).conflict).toContain('does not exist')
})

test('tells its own qdisc from one that others have put in its place, and a changed one', async () => {
  const kernel = await privateKernel()
  await cable(kernel, 'up')
  const own = on(kernel, qdisc, { link: 'a', kind: 'pfifo', limit: 7 })
  await own.apply()
  const after = await own.observe()
  await kernel.sh('tc qdisc change dev a root pfifo limit 8')
  const changed = await own.observe()
  expect(qdisc.identity!(changed)).toEqual(qdisc.identity!(after))
  expect(qdisc.drift!(given(qdisc, { link: 'a', kind: 'pfifo', limit: 7 }).input, after, changed, context)).toBe(
    'its limit is another one',
  )
  await kernel.sh('tc qdisc delete dev a root')
  await kernel.sh('tc qdisc add dev a root pfifo limit 7')
  expect(qdisc.identity!(await own.observe())).not.toEqual(qdisc.identity!(after))
})

test.each([
  [{ ...slow, rate: '1mbit', latency: '400ms' }, 'tbf rate 1mbit burst 32kb latency 400ms'],
  [{ ...slow, burst: '1600b', latency: '1500us' }, 'tbf rate 1500kbit burst 1600b latency 1500us'],
  [{ link: 'a', kind: 'netem', delay: '2s', loss: 1.5 }, 'netem delay 2s loss 1.5%'],
])('%j is drawn in the units of people', async (input, note) => {
  const wanted = qdisc.input['~standard'].validate(input) as {
    readonly value: Parameters<NonNullable<typeof qdisc.sketch>>[0]
  }
  expect(qdisc.sketch?.(wanted.value)).toMatchObject([{ note }])
})
