import { expect, test } from 'vitest'
import { cable, commands, programs } from '../support/foreign.ts'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { ranOne } from '../support/runs.ts'
import { sandboxed } from '../support/sandbox.ts'
import { users } from '../support/users.ts'
import { spied } from '../support/spied.ts'

const { programOf } = programs()

/** Writes a workflow with these steps. */
const workflowOf = (name: string, ...steps: readonly object[]): string =>
  programOf(`${name}.json`, JSON.stringify({ name, steps }), 0o644)

/** A file below `/run`, which is private in the sandbox. */
const file = (part: object) => ({
  id: 'file',
  uses: 'exec',
  with: { probe: ['test', '-e', '/run/lab'], apply: ['touch', '/run/lab'], undo: ['rm', '/run/lab'], ...part },
})

const after = { id: 'after', uses: 'netns', with: { netns: 'green' } }

test.each(users)('as %s: commands are run once, found again, found changed, and undone exactly', async (_, open) => {
  const world = await open()
  const { nsnet, sh } = world
  const path = workflowOf('lab', ...cable, ...commands)
  const before = await fingerprint(world.exec)
  expect(await nsnet('plan', path)).toMatchObject({
    stderr: '',
    stdout: expect.stringMatching(/\? later +queue +depends on what cable makes/),
  })
  const run = await ranOne(world, path)
  expect(await sh('ip netns exec blue ip link show dev b0')).toContain('alias lab')
  expect(await sh('cat /sys/class/net/enp1s0/tx_queue_len')).toBe('500\n')
  const applied = await fingerprint(world.exec)
  expect(await nsnet('verify', run)).toMatchObject({ exitCode: 0 })
  expect((await nsnet('run', path, '--json')).stdout).not.toContain('StepApplied')
  expect(await fingerprint(world.exec)).toEqual(applied)

  await sh('ip link set dev enp1s0 txqueuelen 600')
  const drifted = await nsnet('verify', run)
  expect(drifted).toMatchObject({
    exitCode: 2,
    stdout: expect.stringMatching(/drifted +queue .*expected 500, found 600/),
  })
  expect(await nsnet('repair', run)).toMatchObject({ exitCode: 0 })
  const ahead = await nsnet('undo', run, '--dry-run')
  expect(ahead.stdout).toMatch(/↶ undo +queue +ip link set dev enp1s0 txqueuelen 1000/)
  expect(ahead.stdout).toContain('would undo 4 of 4 steps')
  expect(await nsnet('undo', run, '--yes')).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(before)
})

test('a command that fails is told with what it printed, and what it left is undone', async () => {
  const { nsnet, sh } = await sandboxed()
  const half = file({ apply: ['sh', '-c', 'touch /run/lab; echo on stdout; echo on stderr >&2; exit 3'] })
  const { exitCode, stderr } = await nsnet('run', workflowOf('half', half, after))
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringMatching(/applied +file/) })
  expect(await nsnet('undo', '--yes')).toMatchObject({ exitCode: 0 })
  const never = file({ apply: ['sh', '-c', 'echo on stdout; echo on stderr >&2; exit 3'] })
  const failed = await nsnet('run', workflowOf('never', never, after))
  expect(failed.exitCode).toBe(1)
  expect(failed.stderr).toMatch(/exit code 3/)
  expect(failed.stderr).toMatch(/stdout +on stdout\n/)
  expect(failed.stderr).toMatch(/stderr +on stderr\n/)
  expect(await sh('ip netns list')).toBe('')
})

test('one that went well and did nothing, one that hangs, and a probe that cannot look fail the step', async () => {
  const { nsnet } = await sandboxed()
  const failing = async (name: string, part: object): Promise<string> => {
    const { exitCode, stderr } = await nsnet('run', workflowOf(name, file(part)))
    expect({ name, exitCode }).toEqual({ name, exitCode: 1 })
    return stderr
  }
  expect(await failing('nothing', { apply: ['true'] })).toContain(
    'its commands went well, yet there is still to do: true',
  )
  expect(await failing('hangs', { apply: { argv: ['sleep', '60'], timeout: 0.3 } })).toMatch(
    /took too long and was ended after 0\.\d s/,
  )
  expect(await failing('blind', { probe: ['sh', '-c', 'echo no >&2; exit 2'] })).toMatch(
    /could not look.*\n?.*exit code 2/,
  )
  expect(await failing('missing', { env: { A: '1' }, apply: ['lab-no-such-program'] })).toContain(
    'install lab-no-such-program',
  )
  expect(await failing('wrong', { apply: { argv: ['sh', '-c', 'exit 4'], okExits: [0, 5] } })).toContain('exit code 4')
})

test('what a command leaves running goes on, also when it holds the output of the command', async () => {
  const { nsnet, sh } = await sandboxed()
  const server = {
    id: 'server',
    uses: 'exec',
    with: {
      probe: ['sh', '-c', 'kill -0 $(cat /run/pid) || exit 1'],
      apply: ['sh', '-c', 'sleep 300 & echo $! >/run/pid'],
      undo: ['sh', '-c', 'kill $(cat /run/pid); rm /run/pid'],
    },
  }
  expect(await nsnet('run', workflowOf('server', server))).toMatchObject({
    exitCode: 0,
    stderr: expect.stringMatching(/ applied +server /),
  })
  const pid = (await sh('cat /run/pid')).trim()
  expect(await sh(`cat /proc/${pid}/comm`)).toBe('sleep\n')
  expect(await nsnet('undo', '--yes')).toMatchObject({ exitCode: 0 })
})

test('what was half done is told apart by an exit code of its own: it is finished, or taken back', async () => {
  const { nsnet, sh } = await sandboxed()
  const probe = {
    argv: ['sh', '-c', 'if test -e /run/lab2; then exit 0; elif test -e /run/lab; then exit 7; else exit 1; fi'],
    okExits: [0, 1, 7],
  }
  const broken = file({
    probe,
    apply: ['sh', '-c', 'touch /run/lab; test -e /run/go && touch /run/lab2'],
    undo: ['rm', '-f', '/run/lab', '/run/lab2'],
  })
  const path = workflowOf('half-done', broken)
  expect(await nsnet('run', path)).toMatchObject({ exitCode: 1 })
  expect(await nsnet('undo', '--yes')).toMatchObject({ exitCode: 0 })
  expect(await sh('find /run -maxdepth 1 -name lab*')).toBe('')
  expect(await nsnet('run', path)).toMatchObject({ exitCode: 1 })
  await sh('touch /run/go')
  expect(await nsnet('resume')).toMatchObject({ exitCode: 0 })
  expect(await nsnet('undo', '--yes')).toMatchObject({ exitCode: 0 })
  expect(await sh('find /run -maxdepth 1 -name lab*')).toBe('')
})

test('a secret reaches a command by its environment or stdin, and stands nowhere else', async () => {
  const world = await spied()
  const token = 'nobody-knows-it-77'
  const seen = `test "$TOKEN" = ${[...token].toReversed().join('')} || echo "$TOKEN" | rev | cat >/run/told`
  const steps = [
    { ...cable[0] },
    file({
      netns: 'blue',
      env: { TOKEN: '${{ inputs.token }}', PLAIN: 'x' },
      apply: ['sh', '-c', `${seen}; touch /run/lab`],
    }),
    {
      id: 'stdin',
      uses: 'exec',
      with: {
        probe: ['test', '-s', '/run/by-stdin'],
        apply: { argv: ['tee', '/run/by-stdin'], stdin: '${{ inputs.token }}' },
        undo: ['rm', '/run/by-stdin'],
      },
    },
  ]
  const path = programOf(
    'secret.json',
    JSON.stringify({ name: 'secret', inputs: { token: { secret: true } }, steps }),
    0o644,
  )
  expect(await world.nsnetWith({ token }, 'run', path, '-v')).toMatchObject({ exitCode: 0 })
  expect(await world.sh('cat /run/told')).toBe(`${[...token].toReversed().join('')}\n`)
  expect(await world.sh('cat /run/by-stdin')).toBe(token)
  expect(await world.nsnetWith({ token }, 'undo', '--yes', '-v')).toMatchObject({ exitCode: 0 })
  expect(world.commands()).toContainEqual(expect.stringMatching(/env PLAIN=x sh -c/))
  expect(world.traces()).toMatch(/TOKEN=\S*secret:token/)
  expect(world.traces()).not.toContain(token)
})

test('what a command stands on is kept while it cannot be undone, and goes with it', async () => {
  const world = await sandboxed()
  const { exec, nsnet, sh } = world
  const before = await fingerprint(exec)
  const undo = ['sh', '-c', 'test -e /run/may && rm /run/lab /run/may']
  const netns = { id: 'netns', uses: 'netns', with: { netns: 'green' } }
  const run = await ranOne(world, workflowOf('stands', netns, file({ netns: 'green', undo })))
  const first = await nsnet('undo', run)
  expect(first).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('file could not be undone, and needs it'),
  })
  expect(await sh('ip netns')).toContain('green')
  await sh('touch /run/may')
  expect(await nsnet('undo', run)).toMatchObject({ exitCode: 0 })
  expect((await exec({ argv: ['test', '-e', '/run/lab'] })).exitCode).toBe(1)
  expect(await fingerprint(exec)).toEqual(before)
})
