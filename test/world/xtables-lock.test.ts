import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { has, settledFingerprint as fingerprint } from '../support/kernel.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-lock-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const seesLegacy = has('iptables-legacy') && process.getuid?.() === 0
/** A PATH in which `iptables` is the legacy one. */
const legacy = [`PATH=${dir}:${process.env['PATH']}:/usr/sbin`]
if (seesLegacy) symlinkSync('/usr/sbin/iptables-legacy', join(dir, 'iptables'))

const file = join(dir, 'rules.json')
const rule = (id: string, link: string) => ({
  id,
  uses: 'iptables',
  with: { chain: 'FORWARD', rule: `-i ${link} -j ACCEPT` },
})
writeFileSync(file, JSON.stringify({ name: 'rules', steps: [rule('one', 'a'), rule('two', 'b')] }))

/** Holds the lock as another firewall tool does; gives what lets it go. */
async function hold({ enter }: Sandboxed, seconds = 600): Promise<() => Promise<unknown>> {
  const [command, ...args] = [...enter, 'flock', '/run/xtables.lock', 'sh', '-c', `echo held; exec sleep ${seconds}`]
  const child = spawn(command!, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  const end = (): void => {
    try {
      process.kill(-child.pid!, 'SIGKILL')
    } catch {
      // it has ended
    }
  }
  onTestFinished(end)
  await once(child.stdout, 'data')
  const closed = once(child, 'close')
  return async () => {
    end()
    await closed
  }
}

const rules = async ({ sh }: Sandboxed): Promise<number> =>
  (await sh('iptables-legacy-save')).split('\n').filter((line) => line.startsWith('-A')).length

describe.runIf(seesLegacy)('when somebody holds the xtables lock, iptables-legacy', () => {
  test('waits for it, and goes on when it is free', async () => {
    const world = await sandboxed()
    await hold(world, 2)
    const began = performance.now()
    expect(await world.nsnetIn(legacy, 'run', file)).toMatchObject({ exitCode: 0 })
    expect(performance.now() - began).toBeGreaterThan(1000)
    expect(await rules(world)).toBe(2)
  })

  test('gives up after a bound, says who holds it, and nothing is doubled or left when it is free', async () => {
    const world = await sandboxed()
    const before = await fingerprint(world.exec)
    const letGo = await hold(world)
    const run = await world.nsnetIn(legacy, 'run', file)
    expect(run).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('holding the xtables lock') })
    expect(run.stderr).toMatch(/hint +process \d+ \(flock\) holds \/run\/xtables.lock; .*: ps -fp \d+\n/)
    expect(run.stdout).toMatch(/nsnet resume \w+/)
    await letGo()
    expect(await rules(world)).toBe(0)
    expect(await world.nsnet('resume')).toMatchObject({ exitCode: 0 })
    expect(await rules(world)).toBe(2)

    const letGoAgain = await hold(world)
    const undo = await world.nsnet('undo')
    expect(undo).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/undo failed two [^]*hint +process \d+ \(flock\) holds/),
    })
    await letGoAgain()
    expect(await rules(world)).toBe(2)
    expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
    expect(await rules(world)).toBe(0)
    expect(await fingerprint(world.exec)).toEqual(before)
  })
})

test('iptables-nft does not need the xtables lock', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  await hold(world)
  expect(await world.nsnet('run', file)).toMatchObject({ exitCode: 0 })
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(before)
})
