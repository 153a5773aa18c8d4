import { expect, test } from 'vitest'
import { inNetns, ip, type Command, type Output } from '../../core/command.ts'
import { askJoined, runJoined } from '../../core/joined.ts'
import { laneOf } from '../../core/lanes.ts'
import { oneByOne, type UpTo } from '../../core/outcome.ts'
import { has, privateKernel, type Kernel } from '../support/kernel.ts'
import { layer } from '../support/layer.ts'

const inKernel = layer()

const backends = ['iptables-nft', 'iptables-legacy'].filter(has)

/** Runs commands of one lane joined in one kernel, and one by one in another: both have to say and to do the same. */
async function bothWays(kernels: readonly [Kernel, Kernel], commands: readonly Command[], upTo: UpTo) {
  const [joined, apart] = kernels
  expect(new Set(commands.map(laneOf)).size).toBe(1)
  const ran: Command[] = []
  const exec = (command: Command): Promise<Output> => {
    ran.push(command)
    return joined.exec(command)
  }
  const [outputs = []] = await runJoined(exec, [commands], upTo)
  const expected = await oneByOne(apart.exec, commands, upTo)
  expect(outputs.map(said)).toEqual(expected.map(said))
  expect(await stateOf(joined)).toEqual(await stateOf(apart))
  return { codes: outputs.map(({ exitCode }) => exitCode), processes: ran.length }
}

/** Looks at all that the tests change, by one process; without what a kernel makes up and what it counts. */
async function stateOf({ exec }: Kernel): Promise<string> {
  const looks = [
    'ip -details link show',
    'ip address show',
    'ip netns list',
    'nft -s list ruleset',
    'ip netns exec x sysctl net.ipv4',
  ]
  const tables = backends.map((program) => `${program}-save`)
  const { stdout } = await exec({ argv: ['sh', '-c', `exec 2>&1; ${[...looks, ...tables].join('; ')}`] })
  return stdout.replace(/^#.*\n/gm, '').replaceAll(/([0-9a-f]{2}:){5}[0-9a-f]{2}|\[\d+:\d+\]|\S+_time = .*/g, '-')
}

/** What iptables adds about itself goes with the file that it reads. */
const said = ({ exitCode, stderr }: Output): unknown => [exitCode, stderr.trim()]

const both = async (prepare: readonly string[] = []): Promise<readonly [Kernel, Kernel]> => {
  const kernels = [await privateKernel(), await privateKernel()] as const
  for (const { sh } of kernels) for (const line of prepare) await sh(line)
  return kernels
}

const host = (line: string): Command => ip(undefined, ...line.split(' '))

const made = 'link add name a type veth peer name b'
const refused = 'link add name a type veth peer name c'
/** Ends the whole `ip` without telling the line. */
const fatal = 'link set dev b master nothing'

test.each<readonly [string, readonly string[], UpTo, readonly number[], number]>([
  ['all that goes well', [made, 'netns add x', 'link set dev a mtu 1400'], 'end', [0, 0, 0], 1],
  ['a failure at first', [fatal, made], 'first failure', [255], 1],
  ['a failure in the middle', [made, refused, 'link set dev a mtu 1400'], 'first failure', [0, 2], 1],
  ['a failure at last', [made, 'netns add x', 'netns add x'], 'first failure', [0, 0, 1], 1],
  ['a fatal one in the middle', [made, fatal, 'link set dev a mtu 1400'], 'first failure', [0, 255], 1],
  ['failures to the end', [refused, refused, 'netns add x', 'netns delete y'], 'end', [0, 2, 0, 1], 1],
  [
    'fatal ones to the end',
    [fatal, made, fatal, 'netns add x', 'link set dev b mtu 1400'],
    'end',
    [255, 0, 255, 0, 0],
    3,
  ],
  [
    'a loopback link with another name',
    ['link set dev lo down', 'link set dev lo name loop', made, refused, 'netns add x'],
    'first failure',
    [0, 0, 0, 2],
    3,
  ],
])('a batch of ip, %s: says and does what its commands do', async (_, lines, upTo, codes, processes) => {
  const told = await bothWays(await both(), lines.map(host), upTo)
  expect(told).toEqual({ codes, processes })
})

test('links that are deleted to the end share one wait, whichever of them are there, and netns go last', async () => {
  const pairs = Array.from({ length: 12 }, (_, at) => [
    `netns add n${at}`,
    `link add name a${at} type veth peer name b netns n${at}`,
  ])
  const kernels = await both(pairs.flat().map((line) => `ip ${line}`))
  const lines = pairs.flatMap((_, at) => [`link set dev a${at} down`, `link delete dev a${at}`, `netns delete n${at}`])
  const began = performance.now()
  const told = await bothWays(kernels, [...lines, 'link delete dev nothing', 'link delete dev lo'].map(host), 'end')
  expect(told.codes).toEqual([...lines.map(() => 0), 1, 2])
  expect(performance.now() - began).toBeLessThan(20_000)
  const [{ sh }] = kernels
  expect(JSON.parse(await sh('ip -json link show dev lo'))).toMatchObject([{ group: 'default' }])
  expect(await sh('ip -json link show type veth')).not.toContain('ifname')
})

test('a batch of ip carries odd words', async () => {
  const names = ['two words', `it's`, 'a "b"', 'c\\', '\\', '$(x)', '-x', "''", '', 'ü', 'a\tb', '!', ';&|']
  const kernels = await both(names.map((_, at) => `ip link add name v${at} type veth peer name w${at}`))
  const commands = names.map((name, at) => ip(undefined, 'link', 'set', 'dev', `v${at}`, 'alias', name))
  expect(await bothWays(kernels, commands, 'first failure')).toEqual({ codes: names.map(() => 0), processes: 1 })
  const links = JSON.parse(await kernels[0].sh('ip -json link show')) as readonly { ifname: string; ifalias?: string }[]
  const aliases = names.map((_, at) => links.find(({ ifname }) => ifname === `v${at}`)?.ifalias ?? '')
  expect(aliases).toEqual(names)
})

const commented = (text: string): readonly string[] => [
  '-A',
  'FORWARD',
  '-m',
  'comment',
  '--comment',
  text,
  '-j',
  'ACCEPT',
]

test.each(backends)('rules of %s are one transaction, and a failure is told of its own command', async (program) => {
  const kernels = await both()
  const run = async (upTo: UpTo, ...rules: readonly (readonly string[])[]): Promise<unknown> => {
    const commands = rules.map((rule) => ({ argv: [program, '-w', '5', '-t', 'filter', ...rule] }))
    return (await bothWays(kernels, commands, upTo)).codes
  }
  const odd = ['a "b"', "it's", 'c\\', '\\"', '$(x)', '# no comment', 'COMMIT', 'ü', 'a\tb', '*nat', ' x ', '-j', '!']
  expect(await run('first failure', ...odd.map(commented))).toEqual(odd.map(() => 0))
  const well = [
    ['-N', 'own'],
    ['-A', 'own', '-j', 'DROP'],
    ['-P', 'FORWARD', 'DROP'],
    ['-I', 'FORWARD', '2', '-j', 'own'],
  ]
  expect(await run('first failure', ...well)).toEqual([0, 0, 0, 0])
  const failing = ['-D', 'FORWARD', '-s', '9.9.9.9', '-j', 'DROP']
  const unknown = ['-A', 'nowhere', '-j', 'ACCEPT']
  const added = ['-A', 'INPUT', '-s', '1.2.3.4', '-j', 'ACCEPT']
  expect(await run('first failure', failing, added)).toEqual([1])
  expect(await run('first failure', added, unknown, added)).toEqual([0, expect.any(Number)])
  expect(await run('first failure', added, added, ['-N', 'own'])).toEqual([0, 0, 1])
  expect(await run('end', failing, added, ['-X', 'FORWARD'], added, ['-P', 'own', 'DROP'])).toEqual([1, 0, 1, 0, 1])
  expect(await run('end', ['-D', 'own', '-j', 'DROP'], ['-D', 'FORWARD', '2'], ['-X', 'own'])).toEqual([0, 0, 0])
})

test.each(backends)('when the joined process of %s fails, nothing of it has happened', async (program) => {
  const kernel = await privateKernel()
  await kernel.sh(`${program} -w 5 -t filter -N own`)
  const before = await stateOf(kernel)
  const bad = [
    '-N own',
    '-X gone',
    '-A nowhere -j ACCEPT',
    '-A INPUT -j NOTHING',
    '-A INPUT --nothing',
    '-I INPUT 99 -j DROP',
  ]
  for (const line of [...bad, '-P own DROP', '-D INPUT -j DROP', '-D INPUT 7', '-R INPUT 3 -j DROP']) {
    const stdin = `*filter\n-N fresh\n-A own -j DROP\n-P FORWARD DROP\n${line}\nCOMMIT\n`
    const { exitCode } = await kernel.exec({ argv: [`${program}-restore`, '-w', '5', '--noflush'], stdin })
    expect({ line, exitCode: exitCode === 0 }).toEqual({ line, exitCode: false })
    expect({ line, state: await stateOf(kernel) }).toEqual({ line, state: before })
  }
})

test('texts of nft are one transaction, and a failure is told of its own command', async () => {
  const kernels = await both()
  const run = async (upTo: UpTo, ...texts: readonly string[]): Promise<unknown> =>
    (
      await bothWays(
        kernels,
        texts.map((stdin) => ({ argv: ['nft', '-f', '-'], stdin })),
        upTo,
      )
    ).codes
  const rule = 'add rule inet lab in counter comment "a; b"\n'
  const table = 'add table inet lab\nadd chain inet lab in { type filter hook input priority 0; }\n'
  expect(await run('first failure', table, rule, rule)).toEqual([0, 0, 0])
  const before = await stateOf(kernels[0])
  const joined = { argv: ['nft', '-f', '-'], stdin: `${rule}add table inet more\ncreate table inet lab\n` }
  expect((await kernels[0].exec(joined)).exitCode).toBe(1)
  expect(await stateOf(kernels[0])).toEqual(before)
  expect(await run('first failure', rule, 'add rule inet lab nowhere drop\n', rule)).toEqual([0, 1])
  expect(await run('end', 'nonsense\n', rule, 'create table inet lab\n', 'delete table inet lab')).toEqual([1, 0, 1, 0])
})

const set = (...words: readonly string[]): Command => ({ argv: inNetns('x', ['sysctl', '-q', '-w', ...words]) })

test('kernel parameters are set up to the first failure, or to the end', async () => {
  const kernels = await both(['ip netns add x'])
  const [good, bad] = [set('net/ipv4/ip_forward=1'), set('net/ipv4/ip_forward=x')]
  expect(await bothWays(kernels, [good, bad, set('net/ipv4/ip_default_ttl=9')], 'first failure')).toMatchObject({
    codes: [0, 1],
  })
  const more = [bad, set('net/ipv4/ip_default_ttl=8'), set('net/ipv4/nothing=1')]
  expect(await bothWays(kernels, more, 'end')).toMatchObject({ codes: [1, 0, 1] })
  expect(await bothWays(kernels, [good, set('net/ipv4/ip_default_ttl=7')], 'end')).toEqual({
    codes: [0, 0],
    processes: 1,
  })
})

test('groups of several netns run at the same time, and each tells its own', async () => {
  const kernel = await privateKernel()
  const names = Array.from({ length: 20 }, (_, at) => `n${at}`)
  await runJoined(kernel.exec, [names.map((name) => ip(undefined, 'netns', 'add', name))], 'first failure')
  const groups = names.map((name, at) => [
    ip(name, 'link', 'set', 'dev', 'lo', 'up'),
    ip(name, 'link', 'set', 'dev', at % 3 === 0 ? 'nothing' : 'lo', 'mtu', `${2000 + at}`),
    ip(name, 'address', 'add', '10.0.0.1/8', 'dev', 'lo'),
  ])
  const { groups: told, ran } = await inKernel(kernel, { ask: 'runJoined', groups, upTo: 'first failure' })
  expect(told.map((group) => group.map(({ exitCode }) => exitCode))).toEqual(
    names.map((_, at) => (at % 3 === 0 ? [0, 1] : [0, 0, 0])),
  )
  expect(ran).toHaveLength(20)
  const probes = [...names, 'gone'].flatMap((name) => [
    ip(name, '-json', 'address', 'show'),
    { ...ip(name, '-json', 'link', 'show'), okExits: [0, 255] },
    ip(name, '-json', 'route', 'show', 'table', '77'),
    ip(name, '-json', 'route', 'show', 'table', 'all'),
    ip(name, '-json', 'rule', 'show'),
    ip(name, 'address', 'show'),
  ])
  const asked = await inKernel(kernel, { ask: 'askJoined', commands: probes })
  const slow = probes.map((probe) => ({ ...probe, timeoutMs: 20_000 }))
  const alone = await Promise.all(askJoined(kernel.exec, slow))
  expect(asked.outputs.map((it) => it && { ...it, durationMs: 0 })).toEqual(
    alone.map((it) => ({ ...it, durationMs: 0 })),
  )
  expect(asked.outputs.at(-5)).toMatchObject({ exitCode: 255 })
  expect(asked.ran.length).toBe(20 * 3 + 7)
})
