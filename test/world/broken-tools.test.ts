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
  hangs: { does: 'sleep 1000 & echo $! >"$0.pid"; wait', says: 'took too long and was ended after 1.' },
  'prints nonsense': { does: String.raw`printf 'nonsense \033[2J\n'; exit 0`, says: 'nonsense \\x1b[2J' },
  'says nothing': { does: 'exit 0', says: '' },
} as const

type Mode = keyof typeof modes

const loud: readonly Mode[] = ['fails', 'hangs', 'prints nonsense']

let count = 0

/** A directory for the front of PATH with a tool that is broken when its arguments match, and otherwise the real one. */
function broken(tool: string, mode: Mode, args = '*'): { readonly path: string; readonly file: string } {
  const path = join(dir, `${count++}`)
  const file = join(path, tool)
  mkdirSync(path)
  const real = execFileSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${tool}`], { encoding: 'utf8' }).trim()
  writeFileSync(file, `#!/bin/sh\ncase "$*" in\n${args}) ${modes[mode].does} ;;\nesac\nexec ${real} "$@"\n`)
  chmodSync(file, 0o755)
  chmodSync(path, 0o777)
  return { path: `PATH=${path}:${process.env['PATH']}`, file }
}

function workflowOf(...middle: readonly unknown[]): string {
  const steps = [
    { id: 'first', uses: 'netns', with: { netns: 'blue' } },
    ...middle,
    { id: 'never', uses: 'netns', with: { netns: 'green' } },
  ]
  const path = join(dir, `${count++}.json`)
  writeFileSync(path, JSON.stringify({ name: 'tools', steps }))
  return path
}

const addr = { id: 'it', uses: 'addr', with: { link: 'lo', address: '10.7.7.7/32' } }
const sysctl = { id: 'it', uses: 'sysctl', with: { key: 'net.ipv4.ip_forward', value: 1, netns: 'blue' } }
const nftables = { id: 'it', uses: 'nftables', with: { ruleset: 'table inet lab { }' } }
const iptables = { id: 'it', uses: 'iptables', with: { chain: 'FORWARD', rule: '-i x -j ACCEPT' } }

/** For each tool a step that uses it, and how its commands look that probe, apply and undo. */
const tools: readonly (readonly [string, unknown, string, string, string])[] = [
  ['ip', addr, '*"address show"', '*"address add"*', '*"address delete"*'],
  ['sysctl', sysctl, '"-e net"*', '"-q -w"*', '"-e -q -w"*'],
  ['nft', nftables, '*"list ruleset"', '"-f -"', '"-f -"'],
  ['iptables-nft-save', iptables, '*', '', '*'],
  ['iptables-nft', iptables, '', '*" -A "*', ''],
  ['setpriv', addr, '*"address show"', '*"address add"*', '*"address delete"*'],
]

const endsAll = async (world: Sandboxed, file: string): Promise<void> => {
  const pid = readFileSync(`${file}.pid`, 'utf8').trim()
  const { stdout } = await world.exec({ argv: ['sh', '-c', `ps -o stat= -p ${pid} | grep -v Z; true`] })
  expect(stdout, 'what the hanging tool started').toBe('')
}

describe.each(tools)('when %s is broken', (tool, step, probing, applying, undoing) => {
  test.each(loud)('and %s, each verb stops there and says so, and the next goes on when it is mended', async (mode) => {
    const world = await sandboxed()
    const before = await fingerprint(world.exec)
    const stops = async (args: string, verb: string, ...rest: readonly string[]): Promise<void> => {
      const { path, file } = broken(tool, mode, args)
      const { exitCode, stderr } = await world.nsnetIn([path, 'NSNET_TIMEOUT=1'], verb, ...rest)
      expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(modes[mode].says) })
      expect(stderr).not.toMatch(/bug|\n +at (?!.*json:1:)/)
      expect(stderr).toMatch(/failed +it .*\n.*\n +command +\S+/)
      if (mode === 'hangs') await endsAll(world, file)
    }
    const workflow = workflowOf(step)
    if (probing !== '') await stops(probing, 'run', workflow)
    if (applying !== '') await stops(applying, probing === '' ? 'run' : 'resume', ...(probing === '' ? [workflow] : []))
    expect(await world.sh('ip netns list')).toBe('blue\n')
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
