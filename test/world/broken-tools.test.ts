import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-tools-'))
chmodSync(dir, 0o755)
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** What a broken tool does instead of its work, and what of it has to be seen. */
const modes = {
  fails: { does: String.raw`printf 'boom \033[31m' >&2; exit 3`, says: 'boom \\x1b[31m' },
  hangs: { does: 'sleep 1000 & echo $! >"$0.pid"; wait', says: 'took too long and was ended after ' },
  'prints nonsense': { does: String.raw`printf 'nonsense \033[2J\n'; exit 0`, says: 'nonsense \\x1b[2J' },
  'says nothing': { does: 'exit 0', says: '' },
} as const

type Mode = keyof typeof modes

const loud: readonly Mode[] = ['fails', 'hangs', 'prints nonsense']

let count = 0

/**
 * A directory for the front of PATH with a tool that is broken when its arguments match, with the lines behind them when it
 * reads a batch, and otherwise the real one.
 */
function broken(tool: string, mode: Mode, args = '*'): { readonly path: string; readonly file: string } {
  const path = join(dir, `${count++}`)
  const file = join(path, tool)
  mkdirSync(path)
  const real = execFileSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${tool}`], { encoding: 'utf8' }).trim()
  writeFileSync(
    file,
    `#!/bin/sh
case "$*" in
*"-batch -") lines=$(cat) ;;
*) lines= ;;
esac
case "$*$lines" in
${args}) ${modes[mode].does} ;;
esac
[ -n "$lines" ] || exec ${real} "$@"
printf '%s\\n' "$lines" | ${real} "$@"
`,
  )
  chmodSync(file, 0o755)
  chmodSync(path, 0o777)
  return { path: `PATH=${path}:${process.env['PATH']}`, file }
}

function workflowOf(it: Step, next: Step = green): string {
  const steps = [
    { id: 'first', uses: 'netns', with: { netns: 'blue' } },
    { id: 'it', ...it },
    { id: 'next', ...next },
  ]
  const path = join(dir, `${count++}.json`)
  writeFileSync(path, JSON.stringify({ name: 'tools', steps }))
  return path
}

interface Step {
  readonly uses: string
  readonly with: { readonly [name: string]: unknown }
}

const green: Step = { uses: 'netns', with: { netns: 'green' } }
const addr: Step = { uses: 'addr', with: { link: 'lo', address: '10.7.7.7/32' } }
const inside: Step = { uses: 'addr', with: { ...addr.with, netns: 'blue' } }
const route: Step = { uses: 'route', with: { to: '10.7.7.0/24', type: 'blackhole' } }
const sysctl: Step = { uses: 'sysctl', with: { key: 'net.ipv4.ip_forward', value: 1, netns: 'blue' } }
const nftables: Step = { uses: 'nftables', with: { ruleset: 'table inet lab { }' } }
const iptables: Step = { uses: 'iptables', with: { chain: 'FORWARD', rule: '-i x -j ACCEPT' } }

/**
 * For each tool a step that uses it, how its commands look that probe, apply and undo, and a step that has to wait for it:
 * what need not wait may run at the same time.
 */
const tools: readonly (readonly [string, Step, string, string, string, Step])[] = [
  ['ip', route, '*"route show table all"*', '*"route add"*', '*"route delete"*', green],
  ['sysctl', sysctl, '"-e net"*', '"-q -w"*', '"-e -q -w"*', inside],
  ['nft', nftables, '*"list ruleset"', '"-f -"', '"-f -"', iptables],
  ['iptables-nft-save', iptables, '*', '', '*', nftables],
  ['iptables-nft', iptables, '', '*" -A "*', '', nftables],
  ['setpriv', route, '*"route show table all"*', '*"route add"*', '*"route delete"*', green],
]

/** The steps of which the run knows that it made them. */
async function applied(world: Sandboxed): Promise<readonly string[]> {
  const { stdout } = await world.nsnet('log', 'last', '--json')
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).event)
  return events.flatMap(({ type, step }) => (type === 'StepApplied' ? [step] : []))
}

const endsAll = async (world: Sandboxed, file: string): Promise<void> => {
  const pid = readFileSync(`${file}.pid`, 'utf8').trim()
  const { stdout } = await world.exec({ argv: ['sh', '-c', `ps -o stat= -p ${pid} | grep -v Z; true`] })
  expect(stdout, 'what the hanging tool started').toBe('')
}

describe.each(tools)('when %s is broken', (tool, step, probing, applying, undoing, next) => {
  test.each(loud)('and %s, each verb stops there and says so, and the next goes on when it is mended', async (mode) => {
    const world = await sandboxed()
    const before = await fingerprint(world.exec)
    const stops = async (args: string, verb: string, ...rest: readonly string[]): Promise<void> => {
      const { path, file } = broken(tool, mode, args)
      const { exitCode, stderr } = await world.nsnetIn([path, 'NSNET_TIMEOUT=1'], verb, ...rest)
      expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(modes[mode].says) })
      expect(stderr).not.toMatch(/bug|\n +at (?!.*json:1:)/)
      expect(stderr).toMatch(/failed +it .*\n.*\n +command +\S+/)
      if (mode !== 'hangs') return
      expect(stderr).toMatch(/ended after [1-9]/)
      await endsAll(world, file)
    }
    const workflow = workflowOf(step, next)
    if (probing !== '') await stops(probing, 'run', workflow)
    if (applying !== '') await stops(applying, probing === '' ? 'run' : 'resume', ...(probing === '' ? [workflow] : []))
    // a tool that says that all went well is found out by the look behind the batch
    const goesOn = mode === 'prints nonsense' && applying !== ''
    expect(await applied(world)).toEqual(goesOn ? ['first', 'next'] : ['first'])
    expect(await world.nsnet('resume')).toMatchObject({ exitCode: 0 })
    if (undoing !== '') await stops(undoing, 'undo')
    expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(world.exec)).toEqual(before)
  })
})

describe.each(['iptables', 'setpriv'])('when %s is broken from the beginning', (tool) => {
  test.each(loud)('and %s, nothing is journaled and what it said is told', async (mode) => {
    const world = await sandboxed()
    const run = await world.nsnetIn([broken(tool, mode).path, 'NSNET_TIMEOUT=1'], 'run', workflowOf(addr))
    expect(run).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(modes[mode].says) })
    expect(run.stderr).not.toContain('bug')
    expect((await world.nsnet('list', '--json')).stdout).toBe('[]\n')
  })
})

test('an ip that says nothing is not taken for one that finds nothing', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  expect(await world.nsnet('run', workflowOf(addr))).toMatchObject({ exitCode: 0 })
  const { path } = broken('ip', 'says nothing')
  const { exitCode, stderr } = await world.nsnetIn([path], 'undo')
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining('undo failed it') })
  expect(stderr).toContain('expected a list in JSON, got nothing')
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(before)
})
