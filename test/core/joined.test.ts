import { expect, test } from 'vitest'
import { HOST_NETNS, inNetns, ip, show, type Command, type Exec, type Output } from '../../core/command.ts'
import { askJoined, runJoined } from '../../core/joined.ts'
import { laneOf } from '../../core/lanes.ts'
import { printed } from '../support/given.ts'

const iptables = (...words: readonly string[]): Command => ({ argv: ['iptables-nft', '-w', '5', '-t', ...words] })
const nft = (stdin: string): Command => ({ argv: ['nft', '-f', '-'], stdin })
const up = (link: string): Command => ip(undefined, 'link', 'set', 'dev', link, 'up')

test.each<[string, Command, Command]>([
  ['changes by ip', up('a'), ip(undefined, 'netns', 'add', 'x')],
  [
    'changes by ip in one netns',
    ip('x', 'address', 'add', '1.2.3.4/8', 'dev', 'a'),
    ip('x', 'link', 'delete', 'dev', 'b'),
  ],
  ['those of one family', ip('x', '-6', 'route', 'add', 'a'), ip('x', '-6', 'rule', 'delete', 'b')],
  ['rules of one table', iptables('nat', '-A', 'POSTROUTING'), iptables('nat', '-P', 'OUTPUT', 'DROP')],
  ['texts of nft', nft('add table a\n'), nft('delete table b\n')],
  [
    'kernel parameters',
    { argv: inNetns('x', ['sysctl', '-q', '-w', 'net/a=1']) },
    { argv: inNetns('x', ['sysctl', '-q', '-w', 'net/b=1', 'net/c=2']) },
  ],
])('%s have one lane', (_, a, b) => {
  expect(laneOf(a)).toBeDefined()
  expect(laneOf(a)).toBe(laneOf(b))
})

test('netns, options, programs and tables have lanes of their own', () => {
  const commands = [
    up('a'),
    ip('x', 'link', 'set', 'dev', 'a', 'up'),
    ip('y', 'link', 'set', 'dev', 'a', 'up'),
    ip('x', '-4', 'route', 'add', 'a'),
    ip('x', '-6', 'route', 'add', 'a'),
    iptables('nat', '-N', 'a'),
    iptables('filter', '-N', 'a'),
    { argv: ['ip6tables-nft', '-w', '5', '-t', 'nat', '-N', 'a'] },
    { argv: inNetns('x', iptables('nat', '-N', 'a').argv) },
    nft('add table a\n'),
    { ...nft('add table a\n'), argv: inNetns('x', ['nft', '-f', '-']) },
    { argv: ['sysctl', '-q', '-w', 'net/a=1'] },
    { argv: ['sysctl', '-e', '-q', '-w', 'net/a=1'] },
  ]
  expect(new Set(commands.map(laneOf)).size).toBe(commands.length)
  expect(commands.map(laneOf)).not.toContain(undefined)
})

test.each<Command>([
  ip(undefined, 'link', 'show'),
  ip(undefined, 'route', 'flush', 'all'),
  ip(undefined, 'netns', 'exec', 'x', 'true'),
  ip('x', 'netns', 'add', 'y'),
  ip('x', 'link', 'set', 'dev', 'a', 'netns', HOST_NETNS),
  ip(undefined, '-batch', '-'),
  { ...up('a'), okExits: [0, 1] },
  { ...up('a'), timeoutMs: 5 },
  { ...up('a'), stdin: '' },
  up('a#b'),
  up('a\nb'),
  up(`' "`),
  ip(undefined, 'link', 'set', 'dev', 'a', ...Array.from({ length: 600 }, () => 'up')),
  iptables('nat', '-L'),
  iptables('nat', '-A', 'POSTROUTING', '--comment', ''),
  iptables('nat', '-A', 'POSTROUTING', '--comment', 'a\nb'),
  { argv: ['iptables-nft', '-t', 'nat', '-N', 'a'] },
  { argv: ['nft', '-j', '-f', '-'], stdin: '{}' },
  { argv: ['sysctl', '-w', 'net/a=1'] },
  { argv: ['ping', 'a'] },
])('%j runs by itself', (command) => expect(laneOf(command)).toBeUndefined())

/** An `Exec` that gives these outputs, one after another, and notes what it was asked to run. */
function giving(...outputs: readonly Partial<Output>[]): { readonly exec: Exec; readonly ran: string[] } {
  const ran: string[] = []
  return { ran, exec: (command) => Promise.resolve({ ...printed(''), ...outputs[ran.push(show(command)) - 1] }) }
}

const lo = '1: lo: <LOOPBACK> mtu 65536\n    link/loopback\n'
const killed = { exitCode: 137, timedOut: true, stderr: 'took long' }
const codes = (outputs: readonly (readonly Output[])[]): readonly (readonly number[])[] =>
  outputs.map((group) => group.map(({ exitCode }) => exitCode))

test('what a batch of ip was ended in is told of the first command that it may not have done, and not tried again', async () => {
  const links = [up('a'), up('b'), up('c')]
  const first = giving({ ...killed, stdout: lo })
  expect(codes(await runJoined(first.exec, [links], 'first failure'))).toEqual([[0, 137]])
  const end = giving({ ...killed, stdout: lo })
  expect(codes(await runJoined(end.exec, [links], 'end'))).toEqual([[0, 137, 137]])
  expect([first.ran.length, end.ran.length]).toEqual([1, 1])
})

test('what a batch was ended after, and what a tool printed that did not do its work, is told', async () => {
  const links = [up('a'), up('b')]
  const late = giving({ ...killed, durationMs: 1000 })
  expect(await runJoined(late.exec, [links], 'first failure')).toMatchObject([[{ durationMs: 1000 }]])
  const odd = giving({ stdout: 'nonsense' }, { stdout: 'nonsense' })
  expect(await runJoined(odd.exec, [links], 'end')).toMatchObject([[{ stdout: 'nonsense' }, { stdout: 'nonsense' }]])
  const text = giving({ stdout: 'nonsense' })
  const both = await runJoined(text.exec, [[nft('add table a\n'), nft('add table b\n')]], 'end')
  expect(both).toMatchObject([[{ stdout: 'nonsense' }, { stdout: 'nonsense' }]])
})

test('a transaction that was ended, or could not be started, is not tried again', async () => {
  const rules = [iptables('nat', '-N', 'a'), iptables('nat', '-N', 'b')]
  for (const failure of [
    killed,
    { exitCode: 127 },
    { exitCode: 4, stderr: 'Another app is holding the xtables lock' },
  ]) {
    const { exec, ran } = giving(failure)
    expect(codes(await runJoined(exec, [rules], 'first failure'))).toEqual([[failure.exitCode]])
    expect(codes(await runJoined(giving(failure).exec, [rules], 'end'))).toEqual([[failure.exitCode, failure.exitCode]])
    expect(ran).toHaveLength(1)
  }
})

test('a command alone in its group is run as it is, and equal probes are asked once', async () => {
  const { exec, ran } = giving()
  await runJoined(exec, [[up('a')], [], [{ argv: ['ping', 'b'] }]], 'end')
  const rules = ip('x', 'rule', 'show')
  await Promise.all(askJoined(exec, [rules, rules, { argv: ['find'], okExits: [1] }, { argv: ['find'] }]))
  expect(ran).toEqual(['ip link set dev a up', 'ping b', 'ip -n x rule show', 'find'])
})

test('probes whose answers do not fit are asked again, each by itself', async () => {
  const probes = [ip('x', '-json', 'link', 'show'), ip('x', '-json', 'rule', 'show')]
  for (const bad of [
    { stdout: '[]\n' },
    { stdout: '[]\n[]\n', exitCode: 1 },
    { stdout: '[]\nx\n' },
    { stdout: '[]\n[]' },
  ]) {
    const { exec, ran } = giving(bad, { stdout: 'links' }, { stdout: 'rules' })
    expect((await Promise.all(askJoined(exec, probes))).map(({ stdout }) => stdout)).toEqual(['links', 'rules'])
    expect(ran).toHaveLength(3)
  }
})

const uneven: Exec = async ({ argv }) => {
  if (argv[0] === 'find') await new Promise(() => undefined)
  if (argv[0] === 'grep') throw new Error('no grep')
  return printed('there')
}

test('an answer is there as soon as its own process has ended, and a failure is of those alone who asked', async () => {
  const [never, fails, there] = askJoined(uneven, [{ argv: ['find'] }, { argv: ['grep'] }, { argv: ['nft'] }])
  expect(await there).toMatchObject({ stdout: 'there' })
  await expect(fails).rejects.toThrow('no grep')
  expect(never).toBeInstanceOf(Promise)
})
