import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { fingerprint } from '../../core/fingerprint.ts'
import { sandboxed } from '../support/sandbox.ts'
import { differing, newState } from './trial.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-shared-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** `npm run test:crash` tries every boundary, the ordinary suite each 4th of them. */
const stride = process.env['NSNET_CRASH'] === undefined ? 4 : 1

const masquerade = (source: string) => ({
  id: 'masquerade',
  uses: 'iptables',
  with: { table: 'nat', chain: 'POSTROUTING', rule: `-s ${source} -j MASQUERADE` },
})
const ttl = (value: number) => ({ id: 'ttl', uses: 'sysctl', with: { key: 'net.ipv4.ip_default_ttl', value } })

function fileOf(name: string, ...steps: readonly object[]): string {
  const path = join(dir, `${name}.json`)
  writeFileSync(path, JSON.stringify({ name, steps }))
  return path
}

const first = fileOf(
  'first',
  { id: 'blue', uses: 'netns', with: { netns: 'blue' } },
  ttl(70),
  masquerade('10.1.0.0/24'),
)
const beside = fileOf('beside', ttl(80), masquerade('10.2.0.0/24'))
const inside = fileOf(
  'inside',
  { id: 'up', uses: 'link', with: { netns: 'blue', link: 'lo', state: 'up' } },
  masquerade('10.3.0.0/24'),
)

test.each([
  ['shares a table and a value with another one', beside, []],
  ['works in a netns of another one', inside, ['--cascade']],
])(
  'a run that %s, killed in its undo, is undone exactly behind that one too',
  async (_, second, how) => {
    const { nsnetIn, exec } = await sandboxed()
    const before = await fingerprint(exec)
    const file = join(dir, 'boundaries')
    let state = newState()
    const does = async (args: readonly string[], exitCode = 0, ...env: readonly string[]): Promise<void> => {
      const watched = env.length === 0 ? [] : [`NODE_OPTIONS=--import=${resolve('testing/boundaries.mjs')}`, ...env]
      const output = await nsnetIn(watched, ...args, '--state-dir', state)
      expect({ args, ...output }).toMatchObject({ args, exitCode })
    }
    const both = async (): Promise<void> => {
      state = newState()
      await does(['run', first, '--id', 'first'])
      await does(['run', second, '--id', 'second'])
    }
    await both()
    await does(['undo', 'second'], 0, `NSNET_BOUNDARIES=${file}`)
    await does(['undo', 'first'])
    const boundaries = readFileSync(file, 'utf8').trim().split('\n')
    rmSync(file)
    expect(boundaries.length).toBeGreaterThan(10)
    for (const [at, boundary] of boundaries.entries()) {
      if (at % stride !== 1 % stride) continue
      await both()
      await does(['undo', 'second'], 137, `NSNET_KILL_AT=${at + 1}`)
      await does(['undo', 'first', ...how])
      await does(['undo', 'second'])
      const faults = await differing('undone', before, () => fingerprint(exec))
      expect({ boundary, faults }).toEqual({ boundary, faults: [] })
    }
  },
  600_000,
)

test(
  'a run that sets a value back, killed in that, is undone exactly behind the run that had set it',
  { timeout: 600_000 },
  async () => {
    const { nsnetIn, exec } = await sandboxed()
    const before = await fingerprint(exec)
    const [sets, setsBack] = [fileOf('sets', ttl(70)), fileOf('sets-back', ttl(64))]
    const preload = `NODE_OPTIONS=--import=${resolve('testing/boundaries.mjs')}`
    for (let killAt = 1, exitCode = 137; exitCode === 137; killAt++) {
      const state = newState()
      const does = (...args: readonly string[]) => nsnetIn([], ...args, '--state-dir', state)
      await does('run', sets, '--id', 'sets')
      const kill = [preload, `NSNET_KILL_AT=${killAt}`]
      ;({ exitCode } = await nsnetIn(kill, 'run', setsBack, '--id', 'back', '--state-dir', state))
      const codes = [(await does('undo', 'sets')).exitCode, (await does('undo', 'back')).exitCode]
      const faults = await differing('undone', before, () => fingerprint(exec))
      // before its first line is whole there is no run to undo
      expect({ killAt, codes, faults }).toEqual({ killAt, codes: [0, killAt === 1 ? 64 : 0], faults: [] })
    }
  },
)
