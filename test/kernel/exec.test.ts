import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { inNetns, ip, type Command, type Output } from '../../core/command.ts'
import { processExec } from '../../core/exec.ts'
import { listNetns } from '../../core/netns-files.ts'
import { settle } from '../../core/wait.ts'
import sysctl from '../../plugins/sysctl.ts'
import { context } from '../support/given.ts'
import { privateKernel } from '../support/kernel.ts'
import { layer } from '../support/layer.ts'
import { users } from '../support/users.ts'

const inKernel = layer()

const timeless = (output: Output | null): Output | null => output && { ...output, durationMs: 0 }

const sysctlOf = (...words: readonly string[]): Command => ({ argv: ['sysctl', ...words] })

const BEFORE = [
  'net/ipv4/ip_forward=0',
  'net/ipv4/conf/a.b/rp_filter=0',
  'net/ipv4/ip_default_ttl=64',
  'net/ipv4/tcp_mtu_probing=0',
]

const probesOf = (key: string): readonly Command[] =>
  [sysctl.probe({ key, value: '1', netns: undefined }, context)].flat().filter(({ argv }) => argv[0] !== 'ip')

test.each([['root', () => privateKernel()] as const, users[1]!])(
  'what nsnet does itself as %s is what the tools do and print',
  async (_, open) => {
    const kernel = await open()
    for (const line of ['ip netns add x', 'ip netns add y', 'ip link add name a.b type veth peer name c'])
      await kernel.sh(line)
    const same: readonly Command[] = [
      listNetns,
      sysctlOf('-e', 'net/ipv4/ip_forward', 'net/ipv4/nothing', 'net/ipv4/conf/a.b/forwarding'),
      sysctlOf('-e', 'net/ipv4/nothing'),
      sysctlOf('-e', 'net/ipv4/tcp_rmem', 'net/ipv4/ip_local_reserved_ports', 'net/ipv4/ping_group_range'),
      ...['net/ipv4/ip_forward', 'net/ipv4/conf/default/rp_filter', 'net/ipv4/conf/a.b/rp_filter'].flatMap(probesOf),
      ...['net/ipv6/conf/all/disable_ipv6', 'net/ipv4/tcp_congestion_control', 'net/ipv4/route/mtu_expires'].flatMap(
        probesOf,
      ),
      sysctlOf('-q', '-w', 'net/ipv4/ip_forward=1', 'net/ipv4/conf/a.b/rp_filter=2'),
      sysctlOf('-e', '-q', '-w', 'net/ipv4/tcp_mtu_probing=1'),
      sysctlOf('-e', 'net/ipv4/conf/all/forwarding', 'net/ipv4/conf/a.b/rp_filter', 'net/ipv4/tcp_mtu_probing'),
      ip('gone', '-json', 'link', 'show'),
      ip('gone', 'link', 'set', 'dev', 'lo', 'up'),
    ]
    const odd: readonly Command[] = [
      sysctlOf('-e', 'net/ipv4/conf'),
      sysctlOf('-e', 'net/ipv4/route/flush'),
      sysctlOf('-e', 'net.ipv4.ip_forward'),
      sysctlOf('-e', 'net/ipv4/ip_*'),
      sysctlOf('-e', 'net/ipv4/../ipv4/ip_forward'),
      sysctlOf('-q', '-w', 'net/ipv4/ip_forward=nonsense'),
      sysctlOf('-q', '-w', 'net/ipv4/nothing=1', 'net/ipv4/ip_default_ttl=9'),
      sysctlOf('-q', '-w', 'net/ipv4/ip_forward='),
      sysctlOf('-q', '-w', 'net/ipv4/ip_forward= 1 '),
      { argv: [...probesOf('net/ipv4/nothing/x')[1]!.argv] },
      ip('../x', 'link', 'show'),
      ip('x', 'link', 'show', 'dev', 'nothing'),
    ]
    const commands = [...same, ...odd]
    const reset = (): Promise<string> => kernel.sh(`sysctl -q -w ${BEFORE.join(' ')}`)
    const real: Output[] = []
    await reset()
    for (const command of commands) real.push(await kernel.exec(command))
    await reset()
    const { outputs } = await inKernel(kernel, { ask: 'shortcut', commands })
    expect(commands.filter((_it, at) => outputs[at] === null)).toEqual(odd)
    expect(outputs.slice(0, same.length).map(timeless)).toEqual(real.slice(0, same.length).map(timeless))
    await reset()
    expect((await inKernel(kernel, { ask: 'exec', commands })).outputs.map(timeless)).toEqual(real.map(timeless))
    const ttl = sysctlOf('-e', 'net/ipv4/ip_default_ttl')
    expect((await kernel.exec(ttl)).stdout).toBe('net.ipv4.ip_default_ttl = 9\n')
  },
)

test('a file that is no netns, and no directory of them, are looked at by the tools', async () => {
  const kernel = await privateKernel()
  await kernel.sh('touch /run/netns/plain')
  const commands = [
    listNetns,
    ip('plain', 'link', 'show'),
    { argv: inNetns('plain', ['sysctl', '-e', 'net/ipv4/ip_forward']) },
  ]
  const real: Output[] = []
  for (const command of commands) real.push(await kernel.exec(command))
  expect((await inKernel(kernel, { ask: 'exec', commands })).outputs.map(timeless)).toEqual(real.map(timeless))
  await kernel.sh('rm -r /run/netns')
  const { outputs } = await inKernel(kernel, { ask: 'shortcut', commands: [listNetns] })
  expect(outputs.map(timeless)).toEqual([timeless(await kernel.exec(listNetns))])
})

const commandsIn = (name: string): readonly Command[] => [
  ip(name, 'link', 'add', 'name', 'a', 'type', 'veth', 'peer', 'name', 'b'),
  ip(name, '-6', 'route', 'add', 'unreachable', '2001:db8::/32'),
  ip(name, 'link', 'set', 'dev', 'nothing', 'up'),
  { ...ip(name, '-batch', '-'), stdin: 'link set dev a up\nlink set dev c up\n' },
  { argv: inNetns(name, ['sysctl', '-q', '-w', 'net/ipv4/ip_forward=1']) },
  { argv: inNetns(name, ['grep', '-rHs', '--include=forwarding', '', '/proc/sys/net/ipv4/conf/a']) },
  { argv: inNetns(name, ['iptables-nft', '-w', '5', '-t', 'filter', '-A', 'FORWARD', '-j', 'DROP']) },
  { argv: inNetns(name, ['iptables-nft', '-S', 'FORWARD']) },
  { argv: inNetns(name, ['nft', '-f', '-']), stdin: 'nonsense\n' },
  { argv: inNetns(name, ['ping', '-c', '1', '-W', '1', '::2']) },
  { argv: inNetns(name, ['grep', '-c', 'of y', '/etc/hosts']) },
]

test.each(users)('commands do as %s in a netns what they do by ip-netns(8)', async (_, open) => {
  const kernel = await open()
  for (const name of ['x', 'y']) await kernel.sh(`ip netns add ${name}`)
  await kernel.sh('mkdir -p /etc/netns/y')
  await kernel.exec({ argv: ['sh', '-c', 'echo of y >/etc/netns/y/hosts'] })
  const { outputs, ran } = await inKernel(kernel, { ask: 'exec', commands: [...commandsIn('x'), ...commandsIn('y')] })
  const codes = [0, 0, 1, 1, 0, 0, 0, 0, 1, 2]
  expect(outputs.map((it) => it?.exitCode)).toEqual([...codes, 1, ...codes, 0])
  expect(outputs.slice(0, 10).map((it) => [it?.stdout, it?.stderr])).toEqual(
    outputs.slice(11, 21).map((it) => [it?.stdout, it?.stderr]),
  )
  expect(outputs[5]?.stdout).toBe('/proc/sys/net/ipv4/conf/a/forwarding:1\n')
  expect(ran[0]).toBe('ip -n x link add name a type veth peer name b')
})

test('the second command goes to a helper, which passes on every word and text as it is', async () => {
  const exec = processExec()
  await exec({ argv: ['ip', '-V'] })
  const every = String.fromCharCode(...Array.from({ length: 255 }, (_, at) => at + 1).filter((code) => code !== 10))
  const words = [every, `'`, `''"\\`, '$(exit 3) `x` $HOME', '-', ' ', '!', '~', 'a\tb', '<<EOF', '\u{1f600}']
  const asked = words.map((word) => exec({ argv: ['grep', '-aFxe', word], stdin: `not it\n${word}\n` }))
  expect((await Promise.all(asked)).map(timeless)).toEqual(
    words.map((word) => ({ stdout: `${word}\n`, stderr: '', exitCode: 0, timedOut: false, durationMs: 0 })),
  )
  const long = `${'x'.repeat(99)}\n`.repeat(5000)
  for (const stdin of [long, long.slice(0, 4000), 'no end', '', '\n', '\0\n'])
    expect((await exec({ argv: ['grep', '-ac', ''], stdin })).stdout).toBe(
      `${stdin.split('\n').length - (/\n$|^$/.test(stdin) ? 1 : 0)}\n`,
    )
  expect(await exec({ argv: ['grep', '--nothing'] })).toMatchObject({ exitCode: 2, stdout: '', stderr: /unrecognized/ })
  expect(await exec({ argv: ['grep', 'x', '/proc/self/status', '/nothing'] })).toMatchObject({ exitCode: 2 })
})

test('a helper that is ended with its command is replaced, and all is ended at once when nsnet has to stop', async () => {
  const stop = new AbortController()
  const exec = processExec({ kill: stop.signal })
  await exec({ argv: ['ip', '-V'] })
  const forever = { argv: ['ip', 'monitor', 'link'] }
  const late = await Promise.all(Array.from({ length: 12 }, () => exec({ ...forever, timeoutMs: 200 })))
  expect(late).toEqual(late.map(() => expect.objectContaining({ exitCode: 137, timedOut: true, stderr: '' })))
  expect((await exec({ argv: ['ip', '-V'] })).exitCode).toBe(0)
  const running = Promise.all([exec(forever), exec(forever)])
  // another command does not wait for these
  expect((await exec({ argv: ['ip', '-V'] })).durationMs).toBeLessThan(15_000)
  stop.abort()
  expect(await running).toEqual(Array(2).fill(expect.objectContaining({ exitCode: 137, timedOut: false })))
})

test('a command is over when it ends, whatever it has left running that holds its output', async () => {
  const exec = processExec()
  const leaving = (line: string) => exec({ argv: ['sh', '-c', `sleep 30 & echo $! >&2; ${line}`], timeoutMs: 20_000 })
  const printing = exec({
    argv: ['sh', '-c', 'while :; do echo later; sleep 0.01; done & echo $! >&2; echo first'],
    timeoutMs: 20_000,
  })
  const [quiet, much, chatty] = await Promise.all([leaving('echo out; exit 3'), leaving('seq 200000'), printing])
  for (const { stderr } of [quiet, much, chatty]) process.kill(Number(stderr), 'SIGKILL')
  expect(quiet).toMatchObject({ exitCode: 3, stdout: 'out\n', timedOut: false })
  expect(much.stdout.split('\n').at(-2)).toBe('200000')
  expect(chatty).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('first\n'), timedOut: false })
  for (const { durationMs } of [quiet, much, chatty]) expect(durationMs).toBeLessThan(10_000)
})

test('what a command leaves running in a netns goes on when it speaks', async () => {
  const kernel = await privateKernel()
  await kernel.sh('ip netns add x')
  const server = '(sleep 0.3; echo late; sleep 30) & echo $! >/run/pid; echo first'
  const commands = [
    { argv: ['ip', '-V'] },
    { argv: inNetns('x', ['sh', '-c', server]) },
    { argv: ['sleep', '0.6'] },
    { argv: ['ip', '-V'] },
    { argv: ['sh', '-c', 'grep State: /proc/$(cat /run/pid)/status; kill $(cat /run/pid)'] },
  ]
  const { outputs } = await inKernel(kernel, { ask: 'exec', commands })
  expect(outputs[1]).toMatchObject({ exitCode: 0, stdout: 'first\n' })
  expect(outputs[3]?.stdout).toBe(outputs[0]?.stdout)
  expect(outputs[4]?.stdout).toContain('sleeping')
})

test('helpers and what they run die with nsnet', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'nsnet-exec-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const fifo = join(dir, 'fifo')
  execFileSync('mkfifo', [fifo])
  const commands = [{ argv: ['ip', '-V'] }, { argv: ['ip', 'monitor', 'file', fifo] }]
  const node = spawn(process.execPath, [inKernel.file, JSON.stringify({ ask: 'exec', commands })])
  onTestFinished(() => void node.kill('SIGKILL'))
  const started = await settle(
    () => Promise.resolve(monitorsOf(fifo)),
    (pids) => pids.length === 1,
    20_000,
  )
  expect(started).toHaveLength(1)
  const helpers = readFileSync(`/proc/${node.pid}/task/${node.pid}/children`, 'utf8').match(/\d+/g) ?? []
  const pids = [...helpers, ...started]
  expect(pids).toHaveLength(2)
  node.kill('SIGKILL')
  await once(node, 'exit')
  const alive = (): readonly string[] => readdirSync('/proc').filter((pid) => pids.includes(pid) && !isZombie(pid))
  expect(
    await settle(
      () => Promise.resolve(alive()),
      (left) => left.length === 0,
      20_000,
    ),
  ).toEqual([])
})

/** Lists the processes that are `ip monitor` of a file: a child of nsnet that is not it yet has nsnet's arguments. */
const monitorsOf = (file: string): readonly string[] =>
  readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && read(pid, 'cmdline') === `ip\0monitor\0file\0${file}\0`)

const isZombie = (pid: string): boolean => / Z /.test(read(pid, 'stat'))

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
