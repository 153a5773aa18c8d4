import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cable, hasPython, programs, small } from '../support/foreign.ts'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { ranOne } from '../support/runs.ts'
import { sandboxed } from '../support/sandbox.ts'
import { users } from '../support/users.ts'

const { dir, programOf, workflowOf } = programs()

/** The example, as a program that notes each start of it; it runs `before` first. */
function noted(name: string, before = ''): { readonly name: string; readonly starts: () => number } {
  const log = join(dir, `${name}.starts`)
  programOf(`${name}.starts`, '', 0o666)
  programOf(name, `#!/bin/sh\necho start >>${log}\n${before}\nexec python3 ${join(dir, 'mtu.py')}\n`)
  return { name, starts: () => readFileSync(log, 'utf8').split('\n').length - 1 }
}

const mtuOf = (text: string): string => /mtu (\d+)/.exec(text)![1]!

test.skipIf(!hasPython).each(users)(
  'as %s: a step type in Python is planned, run, found again, found changed, and undone exactly',
  async (_, open) => {
    const world = await open()
    const { nsnet, sh } = world
    const path = workflowOf('python', 'mtu.py', ...cable, ...small, {
      id: 'read',
      uses: 'link',
      with: { link: 'a0', alias: 'mtu ${{ string(steps.small.outputs.mtu) }}' },
    })
    const before = await fingerprint(world.exec)
    expect(await nsnet('validate', path)).toMatchObject({ exitCode: 0, stderr: '' })
    expect((await nsnet('plan', path)).stdout).toMatch(/\? later +small +depends on what cable makes/)
    const run = await ranOne(world, path)
    expect(mtuOf(await sh('ip link show dev a0'))).toBe('1400')
    expect(mtuOf(await sh('ip -n blue link show dev b0'))).toBe('1300')
    expect(await sh('ip link show dev a0')).toContain('alias mtu 1400')
    const applied = await fingerprint(world.exec)
    expect((await nsnet('run', path, '--json')).stdout).not.toContain('"StepApplied"')
    expect(await fingerprint(world.exec)).toEqual(applied)

    await sh('ip link set dev a0 mtu 1350')
    expect((await nsnet('verify', run)).stdout).toMatch(/drifted +small +a0 mtu: expected 1400, found 1350/)
    expect(await nsnet('undo', run, '--yes')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('its mtu is 1350'),
    })
    expect(await nsnet('undo', run, '--yes', '--force')).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(world.exec)).toEqual(before)
  },
)

test.skipIf(!hasPython)('the plugin gone, a run is undone by its journal', async () => {
  const world = await sandboxed()
  const { name } = noted('gone.sh')
  const before = await fingerprint(world.exec)
  await ranOne(world, workflowOf('gone', name, ...cable, ...small))
  rmSync(join(dir, name))
  expect(await world.nsnet('undo', '--yes')).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(before)
})

test.skipIf(!hasPython)('what it breaks at fails that step alone; mended, the run is resumed', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  const path = workflowOf('breaks', 'breaks.py', ...cable, ...small)
  const sound = readFileSync('docs/examples/mtu.py', 'utf8')
  const breaking = async (how: string, seconds: number): Promise<string> => {
    const broken = sound.replace(/^def plan\(.*$/m, `$&\n    ${how}`)
    programOf('breaks.py', broken)
    const { exitCode, stderr } = await world.nsnetIn([`NSNET_TIMEOUT=${seconds}`], 'run', path)
    expect({ how, exitCode, stderr }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('✗ failed      small'),
    })
    expect(stderr).toContain('the step type "mtu" broke in its "plan": ')
    expect(stderr).not.toContain('bug')
    programOf('breaks.py', sound)
    expect(await world.nsnet('resume')).toMatchObject({ exitCode: 0 })
    expect(mtuOf(await world.sh('ip link show dev a0'))).toBe('1400')
    expect(await world.nsnet('undo', '--yes')).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(world.exec)).toEqual(before)
    return stderr
  }
  expect(await breaking('raise ValueError("oops")', 30)).toMatch(
    /ValueError: oops[^]*not in the workflow: \S*breaks\.py/,
  )
  expect(await breaking('return 7', 30)).toContain('expected { apply: […], undo: […] } or { conflict: "…" }, got 7')
  expect(await breaking('return {"apply": [{"argv": "ip"}], "undo": []}', 30)).toContain(
    'got {"apply":[{"argv":"ip"}],"undo":[]}',
  )
  expect(await breaking('print("looking")', 30)).toContain(`got "looking"`)
  expect(await breaking('sys.exit("cannot go on")', 30)).toMatch(/ended with exit code 1[^]*cannot go on/)
  expect(await breaking('import time; time.sleep(60)', 2)).toContain('gave no answer within 2 s')
})

test.skipIf(!hasPython)(
  'one process answers for all steps, and is gone when nsnet is',
  { timeout: 120_000 },
  async () => {
    const world = await sandboxed()
    const { name, starts } = noted('counted.sh')
    const many = Array.from({ length: 12 }, (_, at) => ({
      id: `m${at}`,
      uses: 'mtu',
      with: { link: 'a0', mtu: 1400 + at },
    }))
    const path = workflowOf('counted', name, ...cable, ...many)
    expect(await world.nsnet('run', path)).toMatchObject({ exitCode: 0 })
    expect(starts()).toBe(1)
    expect(mtuOf(await world.sh('ip link show dev a0'))).toBe('1411')
    expect(await world.sh('ps -e -o args=')).not.toMatch(/mtu\.py|counted\.sh/)
    expect(await world.nsnet('undo', '--yes')).toMatchObject({ exitCode: 0 })
    expect(starts()).toBe(2)
  },
)
