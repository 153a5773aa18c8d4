import { expect, test } from 'vitest'
import { workspace } from '../support/runs.ts'
import { sandboxed } from '../support/sandbox.ts'

const { workflowOf } = workspace()

/** A workflow with an input `out`, which the texts of its steps read. */
const reading = (name: string, ...steps: readonly object[]): string =>
  workflowOf(name, { inputs: { out: { type: 'link', default: 'enp1s0' } }, steps })

const step = (id: string, uses: string, input: object, more: object = {}) => ({ id, uses, with: input, ...more })
const rule = step('rule', 'iptables', { chain: 'FORWARD', rule: '-o ${{ inputs.out }} -j ACCEPT' })
const up = step('up', 'link', { link: '${{ inputs.out }}', state: 'up' })

test.each([
  ['rule', rule],
  ['link', up],
])('a link of the host that is not there is refused before anything is done: by a %s', async (name, naming) => {
  const world = await sandboxed()
  const file = reading(name, step('room', 'netns', { netns: 'blue' }), naming)
  for (const verb of ['plan', 'run', 'with']) {
    const words = verb === 'with' ? ['--', 'true'] : []
    const { exitCode, stderr } = await world.nsnet(verb, file, '--set', 'out=enp1s1', ...words)
    expect({ verb, exitCode, stderr }).toEqual({
      verb,
      exitCode: 65,
      stderr: expect.stringMatching(
        /--set out=enp1s1 \(\w+\.json:1:\d+ \/inputs\/out\): expected a link that the host has, or that a step makes, got "enp1s1" \(did you mean "enp1s0"\?\)/,
      ),
    })
  }
  expect((await world.nsnet('list')).stdout).toContain('no runs yet')
  expect(await world.nsnet('validate', file, '--set', 'out=enp1s1')).toMatchObject({ exitCode: 0 })
  const default9 = workflowOf('default', { inputs: { out: { type: 'link', default: 'wan9' } }, steps: [naming] })
  expect((await world.nsnet('plan', default9)).stderr).toContain('/inputs/out/default: expected a link')
  expect(await world.nsnet('run', file)).toMatchObject({ exitCode: 0 })
})

const cable = step('cable', 'veth', { name: '${{ inputs.out }}', peer: { name: 'far' } })
const anything = step('any', 'exec', {
  probe: ['test', '-e', '/run/x'],
  apply: ['touch', '/run/x'],
  undo: ['rm', '/run/x'],
})
const elsewhere = step('there', 'link', { netns: 'green', link: '${{ inputs.out }}', state: 'up' })
const later = step('later', 'wait', { link: '${{ inputs.out }}', within: 0 })

test.each([
  ['a step makes it', [cable, up]],
  ['a command may make it', [anything, rule]],
  ['it is one of another netns', [elsewhere]],
  ['a step waits for it', [later, rule]],
  ['the run may do without', [{ ...up, onFailure: 'continue' }]],
  ['no step needs it', []],
])('one that is not there yet is not refused where %s', async (name, steps) => {
  const world = await sandboxed()
  await world.sh('ip netns add green')
  await world.sh('ip -n green link add name wan9 type veth peer name wan8')
  const { stdout, stderr } = await world.nsnet(
    'plan',
    reading(name.replaceAll(' ', '-'), ...steps),
    '--set',
    'out=wan9',
  )
  expect(stderr).not.toContain('/inputs/out')
  expect(stdout).toContain('plan of ')
})
