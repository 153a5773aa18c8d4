import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { sandboxed } from '../support/sandbox.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-main-job-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const internet = resolve('workflows/internet.json')

let count = 0
function fileOf(workflow: unknown): string {
  const path = join(dir, `${count++}.json`)
  writeFileSync(path, JSON.stringify(workflow))
  return path
}

describe.each(['internet', 'internet-nftables', 'two-namespaces', 'many'])('workflows/%s.json', (name) => {
  test('runs, changes nothing when it is run again, and is undone exactly', async () => {
    const { nsnet, exec } = await sandboxed()
    const before = await fingerprint(exec)
    expect(await nsnet('run', `workflows/${name}.json`)).toMatchObject({ exitCode: 0 })
    const up = await fingerprint(exec)
    expect(up).not.toEqual(before)

    const again = await nsnet('run', `workflows/${name}.json`, '--json')
    const events = again.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event.type as string)
    expect(new Set(events)).toEqual(new Set(['RunStarted', 'StepSatisfied']))
    expect(await fingerprint(exec)).toEqual(up)

    expect(await nsnet('undo')).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(exec)).toEqual(before)
    expect(await nsnet('undo')).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(exec)).toEqual(before)
  })
})

/** The longest id that a step can have in a file. */
const longId = (letter: string): string => letter.repeat(63)

test('the longest ids of run, step and round have room in the comments of rules, and undo finds them', async () => {
  const { nsnet, exec, sh } = await sandboxed()
  const before = await fingerprint(exec)
  const steps = [
    { id: longId('i'), uses: 'iptables', with: { chain: 'FORWARD', rule: '-s 10.0.0.${{ index }} -j ACCEPT' } },
    { id: longId('t'), uses: 'nftables', with: { ruleset: 'table ip t${{ index }} { chain c { } }' } },
    { id: longId('r'), uses: 'nftables', with: { family: 'ip', table: 't${{ index }}', chain: 'c', rule: 'accept' } },
  ]
  const least = -Number.MAX_SAFE_INTEGER
  const path = fileOf({ name: 'long', steps: [{ forEach: [least, 'x'.repeat(16)], steps }] })
  expect(await nsnet('run', path, '--id', 'r'.repeat(32))).toMatchObject({ exitCode: 0 })
  expect(await sh('iptables-save')).toContain(`/${longId('i')}[${least}]:`)
  expect(await sh('nft list ruleset')).toContain(`/${longId('r')}[${least}]:`)
  expect(await nsnet('verify')).toMatchObject({ exitCode: 0 })
  expect(await nsnet('undo', '--to', `${longId('t')}[${least}]`)).toMatchObject({ exitCode: 0 })
  expect(await sh('nft list tables')).toContain('table ip t0')
  expect(await nsnet('undo')).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(exec)).toEqual(before)
})

test('run --sandbox answers both pings and leaves nothing behind', () => {
  const stdout = execFileSync('node', ['dist/nsnet.js', 'run', internet, '--sandbox', '--json'], { encoding: 'utf8' })
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).event)
  const checks = events.filter((event) => event.outputs && 'loss' in event.outputs)
  expect(checks.length).toBeGreaterThanOrEqual(2)
  for (const { outputs } of checks) expect(outputs.loss).toBe(0)
  expect(execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' })).not.toContain('ns1')
})

describe('a step that fails in the middle', () => {
  const steps = [
    { id: 'blue', uses: 'netns', with: { netns: 'blue' } },
    { id: 'cable', uses: 'veth', with: { name: 'v0', peer: { name: 'v1', netns: 'blue' } } },
    { id: 'forward', uses: 'sysctl', with: { key: 'net.ipv4.ip_forward', value: 1 } },
    { id: 'bad', uses: 'route', with: { netns: 'blue', to: 'default', via: '10.9.9.9' } },
    { id: 'never', uses: 'netns', with: { netns: 'green' } },
  ]

  test('stops the run, says where, what and what next, and is undone exactly', async () => {
    const { nsnet, exec } = await sandboxed()
    const before = await fingerprint(exec)
    const path = fileOf({ name: 'broken', steps })
    const { exitCode, stderr, stdout } = await nsnet('run', path)
    expect(exitCode).toBe(1)
    expect(stderr).toContain(`${path}:1:`)
    expect(stderr).toContain('/steps/3')
    expect(stderr).toContain('ip -n blue')
    expect(stderr).toMatch(/exit code +2/)
    expect(stderr).toMatch(/Nexthop has invalid gateway|Network is unreachable/)
    expect(stdout).toMatch(/nsnet resume \w+/)
    expect(await nsnet('undo')).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(exec)).toEqual(before)
  })

  test('is undone at once with --on-failure undo', async () => {
    const { nsnet, exec } = await sandboxed()
    const before = await fingerprint(exec)
    expect(await nsnet('run', fileOf({ name: 'broken', steps }), '--on-failure', 'undo')).toMatchObject({ exitCode: 1 })
    expect(await fingerprint(exec)).toEqual(before)
  })

  test('is resumed from the journal when its cause is mended, also when the file is gone', async () => {
    const { nsnet, sh } = await sandboxed()
    const path = fileOf({ name: 'broken', steps })
    expect(await nsnet('run', path)).toMatchObject({ exitCode: 1 })
    rmSync(path)
    await sh('ip -n blue address add 10.9.9.1/24 dev v1')
    await sh('ip -n blue link set dev v1 up')
    expect(await nsnet('resume')).toMatchObject({ exitCode: 0 })
    expect(await sh('ip -n blue route show default')).toContain('default via 10.9.9.9')
    expect(await sh('ip netns list')).toContain('green')
  })
})

test('undo --to takes back what came after a step, and resume sets it up again', async () => {
  const { nsnet, sh } = await sandboxed()
  const steps = ['a', 'b', 'c'].map((id) => ({ id, uses: 'netns', with: { netns: id } }))
  await nsnet('run', fileOf({ name: 'three', steps }))
  expect(await nsnet('undo', '--to', 'a')).toMatchObject({ exitCode: 0 })
  expect(await sh('ip netns list')).toBe('a\n')
  expect(await nsnet('resume')).toMatchObject({ exitCode: 0 })
  expect((await sh('ip netns list')).trim().split('\n').toSorted()).toEqual(['a', 'b', 'c'])
})

test('an ordinary user without rights is told about --sandbox before anything is journaled', async () => {
  const state = join(dir, 'state')
  const user = ['--reuid', '65534', '--regid', '65534', '--clear-groups', '--']
  const command = ['node', 'dist/nsnet.js', 'run', internet, '--state-dir', state, '--set', 'uplink=lo']
  const [file, ...args] = process.getuid?.() === 0 ? ['setpriv', ...user, ...command] : command
  const { status, stderr } = spawned(file!, args)
  expect({ status, advice: /--sandbox.*sudo\n.*: nsnet doctor\n/.test(stderr) }).toEqual({ status: 77, advice: true })
  expect(existsSync(state)).toBe(false)
})

function spawned(file: string, args: readonly string[]): { readonly status: number; readonly stderr: string } {
  try {
    execFileSync(file, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' })
    return { status: 0, stderr: '' }
  } catch (error) {
    return error as { readonly status: number; readonly stderr: string }
  }
}

test('the examples of the README run, and are undone exactly', async () => {
  const readme = readFileSync('README.md', 'utf8')
  const workflows = [...readme.matchAll(/^```json\n(\{\n {2}"name".*?)^```/gms)].map(([, text]) => text!)
  const plugin = /^```js\n(import \{ defineStep.*?)^```/ms.exec(readme)![1]!
  writeFileSync(join(dir, 'mtu.js'), plugin)
  expect(workflows.length).toBe(3)
  for (const text of workflows) {
    const path = join(dir, `readme-${count++}.json`)
    writeFileSync(path, text)
    const { nsnet, exec } = await sandboxed()
    const before = await fingerprint(exec)
    expect(await nsnet('run', path)).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(exec)).not.toEqual(before)
    expect(await nsnet('undo')).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(exec)).toEqual(before)
  }
})
