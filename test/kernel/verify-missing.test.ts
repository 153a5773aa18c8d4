import { expect, test } from 'vitest'
import type { Finding } from '../../core/effects/finding.ts'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { workspace } from '../support/runs.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const { workflowOf } = workspace()

const netns = (name: string) => ({ id: name, uses: 'netns', with: { netns: name } })
const reach = (more: object = {}) => ({
  id: 'reach',
  uses: 'check',
  with: { ping: '10.9.0.1', timeout: 1, within: 1 },
  ...more,
})
/** Makes one of two files. */
const half = {
  id: 'half',
  uses: 'exec',
  onFailure: 'continue',
  with: {
    probe: ['test', '-e', '/run/two'],
    apply: ['sh', '-c', 'touch /run/one; exit 1'],
    undo: ['rm', '-f', '/run/one', '/run/two'],
  },
}

/** What is said of each step, and how. */
async function verified({ nsnet }: Sandboxed): Promise<object> {
  const { exitCode, stdout } = await nsnet('verify', '--json')
  const { status, findings } = JSON.parse(stdout) as { status: string; findings: readonly Finding[] }
  return { exitCode, status, ...Object.fromEntries(findings.map((it) => [it.step, [it.verdict, it.reason]])) }
}

test('a run that stopped half-way does not hold: what is missing is told, and what to type', async () => {
  const world = await sandboxed()
  const file = workflowOf('stops', { steps: [netns('red'), reach(), netns('green')] })
  expect(await world.nsnet('run', file, '--id', 'stops')).toMatchObject({ exitCode: 1 })
  const before = await fingerprint(world.exec)
  const { exitCode, stdout } = await world.nsnet('verify')
  expect({ exitCode, stdout }).toMatchObject({
    exitCode: 2,
    stdout: expect.stringMatching(/\bmissing +green +the run has/),
  })
  expect(stdout).toMatch(
    /^not whole: 1 hold, 2 missing\n {2}go on: nsnet resume stops\n {2}take it back: nsnet undo stops\n$/m,
  )
  const unreached = expect.stringMatching(/^failed: 10\.9\.0\.1 cannot be reached/)
  expect(await verified(world)).toEqual({
    exitCode: 2,
    status: 'failed',
    red: ['holds', undefined],
    reach: ['missing', unreached],
    green: ['missing', 'the run has not come to it'],
  })
  expect(await fingerprint(world.exec)).toEqual(before)
  await world.sh('ip address add 10.9.0.1/32 dev lo')
  expect(await verified(world)).toMatchObject({ exitCode: 2, reach: ['holds', 'it failed in the run, and holds now'] })
  expect(await world.nsnet('resume')).toMatchObject({ exitCode: 0 })
  expect(await verified(world)).toMatchObject({ exitCode: 0, green: ['holds', undefined] })
  expect(await world.nsnet('undo', '--to', 'red')).toMatchObject({ exitCode: 0 })
  expect(await verified(world)).toMatchObject({ exitCode: 2, green: ['missing', 'an undo has taken it back'] })
})

test('a run that was killed inside a step is not whole', async () => {
  const world = await sandboxed()
  const slow = { ...half, with: { ...half.with, apply: ['sh', '-c', 'touch /run/one; kill -9 $(cat /run/pid)'] } }
  const file = workflowOf('killed', { steps: [netns('red'), slow] })
  await world.exec({ argv: ['sh', '-c', 'echo $$ >/run/pid; exec "$@"', 'sh', ...world.command, 'run', file] })
  expect(await verified(world)).toEqual({
    exitCode: 2,
    status: 'running',
    red: ['holds', undefined],
    half: ['missing', 'nsnet was stopped inside it: half of it may be there'],
  })
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
})

test('what a run may fail to make is told, and the run holds without it', async () => {
  const world = await sandboxed()
  const file = workflowOf('may', { steps: [netns('red'), half, reach({ onFailure: 'continue' })] })
  expect(await world.nsnet('run', file)).toMatchObject({ exitCode: 0 })
  expect(await verified(world)).toEqual({
    exitCode: 0,
    status: 'completed',
    red: ['holds', undefined],
    half: ['missing', expect.stringMatching(/^failed, and may be half done: /)],
    reach: ['missing', expect.stringMatching(/^failed: 10\.9\.0\.1 cannot be reached/)],
  })
  const { stdout } = await world.nsnet('verify')
  expect(stdout).toMatch(/^holds: 1 hold, 2 missing, which may fail\n$/m)
  for (const line of ['ip address add 10.9.0.1/32 dev lo', 'touch /run/two', 'ip netns delete red'])
    await world.sh(line)
  const now = 'it failed in the run, and holds now'
  expect(await verified(world)).toMatchObject({ exitCode: 2, half: ['holds', now], reach: ['holds', now] })
  expect(await world.nsnet('repair')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('all of it holds') })
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
})
