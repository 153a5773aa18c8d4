import { expect, test } from 'vitest'
import { fingerprint } from '../../core/fingerprint.ts'
import rule from '../../plugins/rule.ts'
import { conforms, on } from '../support/conforms.ts'
import { context, given } from '../support/given.ts'
import { privateKernel } from '../support/kernel.ts'

const absent = { at: [], free: 32765, hidden: false }

test('adds a rule of a priority, and deletes that one', () =>
  given(rule, { netns: 'ns1', from: '10.0.0.0/24', table: 100, priority: 1000 })
    .seeing(absent)
    .plans({
      apply: ['ip -n ns1 rule add from 10.0.0.0/24 lookup 100 priority 1000'],
      undo: ['ip -n ns1 rule delete from 10.0.0.0/24 lookup 100 priority 1000'],
    }))

test('names the priority that the kernel would choose', () =>
  given(rule, { family: 'ipv6', table: 'main' })
    .seeing({ ...absent, free: 98 })
    .plans({ apply: ['ip -6 rule add lookup 254 priority 98'], undo: ['ip -6 rule delete lookup 254 priority 98'] }))

test('keeps the priority that it chose first, also when others have come since', () =>
  given(rule, { table: 100 }, { ...context, before: { ...absent, free: 50 } })
    .seeing(absent)
    .plans({ apply: ['ip rule add lookup 100 priority 50'], undo: ['ip rule delete lookup 100 priority 50'] }))

test('writes every word', () => {
  const matches = { from: '10.0.0.1', to: '192.0.2.0/24', iif: 'lo', oif: 'wan', fwmark: '16/0xFF', ipproto: 'tcp' }
  const words =
    'not from 10.0.0.1/32 to 192.0.2.0/24 iif lo oif wan fwmark 0x10/0xff ipproto 6 sport 53 dport 80-90 lookup 7 suppress_prefixlength 0 priority 5'
  given(rule, { ...matches, not: true, sport: 53, dport: '80-90', table: 7, suppressPrefixlength: 0, priority: 5 })
    .seeing(absent)
    .plans({ apply: [`ip rule add ${words}`], undo: [`ip rule delete ${words}`] })
  given(rule, { from: '0.0.0.0/0', action: 'prohibit', priority: 6 })
    .seeing(absent)
    .plans({ apply: ['ip rule add prohibit priority 6'], undo: ['ip rule delete prohibit priority 6'] })
})

test('conflicts where the kernel would delete another rule in its place', () =>
  given(rule, { from: '10.0.0.0/24', table: 100, priority: 5 })
    .seeing({ ...absent, hidden: true })
    .conflicts('a rule of priority 5 says all that this one says, and more'))

test.each([
  [{ from: '10.0.0.0/8' }, 'table'],
  [{ from: '10.0.0.0/8', action: 'blackhole', table: 100 }, 'table'],
  [{ from: '10.0.0.0/8', to: 'fd00::/8', table: 100 }, 'to'],
  [{ dport: 80, table: 100 }, 'ipproto'],
  [{ dport: '90-80', ipproto: 'tcp', table: 100 }, 'dport'],
  [{ fwmark: 'red', table: 100 }, 'fwmark'],
])('refuses %j, for its %s', (wrong, field) =>
  expect(rule.input['~standard'].validate(wrong)).toMatchObject({ issues: [{ path: [field] }] }),
)

const input = (more: object) => given(rule, { from: '10.0.0.0/24', table: 100, ...more }).input

test('tells what an earlier step of the run does to it', () => {
  const foretold = (wanted: object, earlier: object) =>
    rule.foretell!(input(wanted), absent, { ...context, uses: 'rule', input: input(earlier), resources: {} })
  expect(foretold({ priority: 5 }, { priority: 5 })).toMatchObject({ at: [5] })
  expect(foretold({ priority: 5 }, { priority: 6 })).toMatchObject({ at: [] })
  expect(foretold({ priority: 5 }, { priority: 5, iif: 'lo' })).toMatchObject({ hidden: true })
  expect(foretold({ priority: 5, iif: 'lo' }, { priority: 5 })).toEqual(absent)
  expect(foretold({}, { priority: 5 })).toBeUndefined()
  expect(foretold({ priority: 5 }, { netns: 'other' })).toEqual(absent)
})

test('conforms on the kernel, each with the rules of others around it', async () => {
  const kernel = await privateKernel()
  await kernel.sh('ip netns add ns1')
  for (const others of ['from 10.0.0.0/24 lookup 101', 'from 10.0.0.0/24 lookup 100 priority 7', 'prohibit iif x'])
    await kernel.sh(`ip rule add ${others}`)
  for (const each of [
    { from: '10.0.0.0/24', table: 100, priority: 1000 },
    { from: '10.9.0.0/24', table: 'main' },
    { netns: 'ns1', from: '10.0.0.0/24', table: 100 },
    { family: 'ipv6', not: true, fwmark: '0x10/0xff', table: 7, suppressPrefixlength: 0 },
    { from: 'fd00::/8', to: 'fd00::1', iif: 'lo', oif: 'x', ipproto: 'udp', sport: 53, dport: '80-90', table: 'local' },
    { ipproto: 1, action: 'unreachable', priority: 0xff_ff_ff_ff },
    { action: 'blackhole', from: '10.0.0.1', priority: 0 },
  ])
    await conforms(kernel, rule, each)
})

test('leaves equal rules of others alone, of any priority', async () => {
  const kernel = await privateKernel()
  await kernel.sh('ip rule add from 10.0.0.0/24 lookup 100')
  const before = await fingerprint(kernel.exec)
  expect(await on(kernel, rule, { from: '10.0.0.0/24', table: 100 }).plan()).toMatchObject({ apply: [] })
  const own = on(kernel, rule, { from: '10.0.0.0/24', table: 100, priority: 9 })
  const seen = await own.apply()
  await kernel.sh('ip rule add from 10.0.0.0/24 lookup 100 priority 8')
  await kernel.sh('ip rule add from 10.0.0.0/24 iif lo lookup 100 priority 9')
  await own.undo(seen)
  await kernel.sh('ip rule delete from 10.0.0.0/24 lookup 100 priority 8')
  await kernel.sh('ip rule delete from 10.0.0.0/24 iif lo lookup 100 priority 9')
  expect(await fingerprint(kernel.exec)).toEqual(before)
})

test('does not touch a rule in front of it that the kernel would take for it', async () => {
  const kernel = await privateKernel()
  await kernel.sh('ip rule add from 10.0.0.0/24 iif lo lookup 100 priority 9')
  const plan = await on(kernel, rule, { from: '10.0.0.0/24', table: 100, priority: 9 }).plan()
  expect(plan.conflict).toContain('the kernel could not tell them apart')
  expect(await on(kernel, rule, { from: '10.0.0.0/24', iif: 'x', table: 100, priority: 9 }).plan()).toHaveProperty(
    'apply.length',
    1,
  )
})
