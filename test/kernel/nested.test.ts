import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fingerprint } from '../../core/fingerprint.ts'
import { workspace } from '../support/runs.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const { dir, workflowOf } = workspace()

const room = {
  inputs: { color: { type: 'netns' }, net: { type: 'prefix' } },
  steps: [
    { id: 'ns', uses: 'netns', with: { netns: '${{ inputs.color }}' } },
    {
      id: 'cable',
      uses: 'veth',
      with: { name: 'to-${{ inputs.color }}', peer: { name: 'eth0', netns: '${{ inputs.color }}' } },
    },
    {
      id: 'alias',
      uses: 'link',
      with: { link: 'to-${{ inputs.color }}', alias: "${{ inputs.color + ' ' + steps.cable.outputs.mac }}" },
    },
    {
      id: 'address',
      uses: 'addr',
      with: { link: 'to-${{ inputs.color }}', address: '${{ address(inputs.net, 1) }}' },
      needs: ['alias'],
    },
  ],
  finally: [{ id: 'end', uses: 'netns', with: { netns: 'end-${{ inputs.color }}' } }],
  outputs: { mac: '${{ steps.cable.outputs.mac }}', net: '${{ inputs.net }}' },
}
const within = (id: string, inputs: object, more: object = {}): object => ({
  id,
  uses: 'workflow',
  with: { file: './room.json', inputs },
  ...more,
})

const statusesOf = async ({ nsnet }: Sandboxed, id: string) => {
  const { steps } = JSON.parse((await nsnet('show', id, '--json')).stdout) as {
    steps: readonly { readonly spec: { readonly id: string }; readonly status: string }[]
  }
  return Object.fromEntries(steps.map(({ spec, status }) => [spec.id, status]))
}

const roomWith = (id: string, status: string) =>
  ['ns', 'cable', 'alias', 'address', 'end'].map((step) => [`${id}/${step}`, status] as const)

test('a workflow is part of another one: run, resumed where it failed, and undone exactly', async () => {
  workflowOf('room', room)
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  const house = workflowOf('house', {
    inputs: { blue: { type: 'boolean', default: false } },
    steps: [
      within('rooms', { color: '${{ each }}', net: '10.${{ index }}.0.0/24' }, { forEach: ['red', 'green'] }),
      within('blue', { color: 'blue', net: '10.9.0.0/24' }, { if: '${{ inputs.blue }}' }),
      { id: 'note', uses: 'link', with: { link: 'late', alias: "${{ steps['rooms[red]'].outputs.mac }}" } },
    ],
    outputs: { net: "${{ steps['rooms[green]'].outputs.net }}" },
  })
  expect(await world.nsnet('run', house, '--id', 'house')).toMatchObject({ exitCode: 1 })
  await world.sh('ip link add late type veth peer name later')
  const { exitCode, stdout } = await world.nsnet('resume', 'house')
  expect({ exitCode, stdout }).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('net = 10.1.0.0/24') })
  expect(await statusesOf(world, 'house')).toEqual({
    ...Object.fromEntries([...roomWith('rooms[red]', 'applied'), ...roomWith('rooms[green]', 'applied')]),
    'rooms[red]': 'satisfied',
    'rooms[green]': 'satisfied',
    ...Object.fromEntries(roomWith('blue', 'skipped')),
    blue: 'skipped',
    note: 'applied',
  })
  const [link] = JSON.parse(await world.sh('ip -json link show dev to-red')) as { address: string; ifalias: string }[]
  expect(link!.ifalias).toBe(`red ${link!.address}`)
  const [note] = JSON.parse(await world.sh('ip -json link show dev late')) as { ifalias: string }[]
  expect(note!.ifalias).toBe(link!.address)
  expect(await world.nsnet('undo', 'house')).toMatchObject({ exitCode: 0 })
  await world.sh('ip link delete late')
  expect(await fingerprint(world.exec)).toEqual(before)
})

test('brings its plugins along', async () => {
  const text = `export default { type: 'nothing', input: { '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value }) } },
    resources: () => ({}), probe: () => ({ argv: ['true'] }), observe: () => null, plan: () => ({ apply: [], undo: [] }) }`
  writeFileSync(join(dir, 'nothing.mjs'), text)
  workflowOf('inner', { plugins: ['./nothing.mjs'], steps: [{ id: 'a', uses: 'nothing' }] })
  const outer = workflowOf('outer', {
    plugins: ['./nothing.mjs'],
    steps: ['one', 'two'].map((id) => ({ id, uses: 'workflow', with: { file: 'inner.json' } })),
  })
  const world = await sandboxed()
  expect(await world.nsnet('run', outer, '--id', 'outer')).toMatchObject({ exitCode: 0 })
  expect(await statusesOf(world, 'outer')).toMatchObject({ 'one/a': 'satisfied', 'two/a': 'satisfied' })
})

test('a secret is given to a secret input alone: what another one made of it could not be hidden', async () => {
  const name = { id: 'n', uses: 'netns', with: { netns: "${{ inputs.keys[0] + '-' }}" } }
  workflowOf('open', { inputs: { keys: { type: 'list' } }, steps: [name] })
  const step = { id: 'a', uses: 'workflow', with: { file: './open.json', inputs: { keys: ['${{ inputs.key }}'] } } }
  const file = workflowOf('secretive', { inputs: { key: { secret: true } }, steps: [step] })
  const { command, exec } = await sandboxed()
  const argv = ['env', 'NSNET_INPUT_key=hunter2hunter2', ...command, 'validate', file]
  const { exitCode, stderr } = await exec({ argv, timeoutMs: 60_000 })
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 65, stderr: expect.not.stringContaining('hunter2') })
  expect(stderr).toContain('/steps/0/with/inputs/keys: expected a value that is not secret for "keys", which is none')
})

test('what is wrong with it is told where it stands', async () => {
  workflowOf('room', { ...room, outputs: { net: '${{ steps.cabel.outputs.mac }}' } })
  workflowOf('itself', { steps: [{ id: 'a', uses: 'workflow', with: { file: 'itself.json' } }] })
  workflowOf('hidden', { inputs: { key: { secret: true } }, steps: [] })
  const veth = { id: 'v', uses: 'veth', with: { name: 'a', peer: { name: 'b' } } }
  const house = workflowOf('mistakes', {
    steps: [
      veth,
      within('one', { color: '-red', net: '10.0.0.0/24' }),
      within(
        'two',
        { colour: 'red', color: '${{ steps.v.outputs.mac }}', net: '10.0.0.0/24' },
        { retry: { times: 1 } },
      ),
      { id: 'three', uses: 'workflow', with: { file: './none.json' } },
      { id: 'four', uses: 'workflow', with: { file: './itself.json' } },
      { id: 'five', uses: 'workflow', with: { file: './hidden.json', inputs: { key: 'hunter2-hunter2' } } },
      { id: 'six', uses: 'link', with: { link: 'lo', alias: '${{ steps.one.outputs.nat }}' } },
    ],
  })
  const world = await sandboxed()
  const { exitCode, stderr } = await world.nsnet('validate', house)
  expect(exitCode).toBe(65)
  const lines = stderr.trim().split('\n').slice(1)
  expect(lines).toEqual([
    expect.stringMatching(/^ {2}mistakes.json:1:\d+ \/steps\/1\/with\/inputs\/color: expected a netns name: .*"-red"/),
    expect.stringMatching(
      /\/steps\/2\/with\/inputs: expected an input to set, got "colour" \(did you mean "color"\?\)/,
    ),
    expect.stringMatching(
      /\/steps\/2\/with\/inputs\/color: expected what is known before the run begins, got an output of "v"/,
    ),
    expect.stringMatching(/\/steps\/2\/retry: expected no "retry" of a step that stands for a workflow/),
    expect.stringMatching(/\/steps\/3\/with\/file: expected a workflow file, cannot read .*none.json/),
    expect.stringMatching(/\/steps\/5\/with\/inputs\/key: expected a secret input for "key", which is one/),
    expect.stringMatching(
      /\/steps\/6\/with\/alias: expected an output of step "one" \(workflow\), got "nat" \(did you mean "net"/,
    ),
    expect.stringMatching(
      /^ {2}itself.json:1:\d+ \/steps\/0\/with\/file: expected no cycle, got .*itself.json → .*itself.json/,
    ),
    expect.stringMatching(
      /^ {2}room.json:1:\d+ \/outputs\/net: expected the id of a step, got "cabel" \(did you mean "cable"\?\)/,
    ),
  ])
})

test('what may fail in it leaves out what needs it', async () => {
  const wrong = { id: 'wrong', uses: 'link', with: { link: 'nowhere', state: 'up' } }
  const green = { id: 'green', uses: 'netns', with: { netns: 'green' } }
  workflowOf('fails', { steps: [{ ...green, id: 'left-out', if: false }, wrong, green] })
  const lan = { id: 'lan', uses: 'workflow', with: { file: './fails.json' }, onFailure: 'continue' }
  const outer = workflowOf('goes-on', {
    steps: [lan, { id: 'after', uses: 'netns', with: { netns: 'red' }, needs: ['lan'] }],
  })
  const world = await sandboxed()
  expect(await world.nsnet('run', outer, '--id', 'goeson')).toMatchObject({ exitCode: 0 })
  expect(await statusesOf(world, 'goeson')).toEqual({
    'lan/left-out': 'skipped',
    'lan/wrong': 'failed',
    'lan/green': 'applied',
    lan: 'skipped',
    after: 'skipped',
  })
  expect((await world.nsnet('graph', 'goeson', '--format', 'json')).stdout).not.toContain('red')
})
