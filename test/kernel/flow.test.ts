import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { fingerprint } from '../../core/fingerprint.ts'
import { workspace } from '../support/runs.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'
import { settle } from '../../core/wait.ts'

const { workflowOf } = workspace()

const netns = (id: string, more: object = {}): object => ({ id, uses: 'netns', with: { netns: id }, ...more })
const cable = { id: 'cable', uses: 'veth', with: { name: 'to-blue', peer: { name: 'eth0' } } }
const address = (id: string, value: string, more: object = {}): object => ({
  id,
  uses: 'addr',
  with: { link: 'to-blue', address: value },
  ...more,
})
/** Fails at once: there is no such link. */
const wrong = (id: string, more: object = {}): object => ({
  id,
  uses: 'link',
  with: { link: 'nowhere', state: 'up' },
  ...more,
})

interface Shown {
  readonly status: string
  readonly outputs: object
  readonly steps: readonly {
    readonly spec: { readonly id: string }
    readonly status: string
    readonly reason?: string
  }[]
}

async function shown({ nsnet }: Sandboxed, id: string): Promise<Shown> {
  return JSON.parse((await nsnet('show', id, '--json')).stdout) as Shown
}

const statuses = ({ steps }: Shown) => Object.fromEntries(steps.map(({ spec, status }) => [spec.id, status]))

test('conditions, needs, retries and steps at the end are taken as the file says, and undone exactly', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  const file = workflowOf('flow', {
    inputs: { six: { type: 'boolean', default: false } },
    defaults: { netns: 'blue' },
    steps: [
      netns('blue'),
      cable,
      address('four', '10.9.0.1/24'),
      {
        if: '${{ inputs.six }}',
        steps: [address('six', 'fd00::1/64'), address('six-too', 'fd00::2/64', { needs: ['six'] })],
      },
      address('known-later', '10.9.0.3/24', { if: '${{ steps.cable.outputs.mac == "" }}' }),
      wrong('flaky', { retry: { times: 2, delay: 0.05, factor: 2 }, onFailure: 'continue' }),
      wrong('picky', { retry: { times: 2, on: ['Device or resource busy'] }, onFailure: 'continue' }),
      address('without', '10.9.0.4/24', { needs: ['flaky'] }),
    ],
    finally: [address('last', '10.9.0.5/24')],
    outputs: { mac: '${{ steps.cable.outputs.mac }}', six: '${{ steps.six.outputs.address }}' },
  })
  const ran = await world.nsnet('run', file, '--id', 'one')
  expect(ran).toMatchObject({ exitCode: 0 })
  const one = await shown(world, 'one')
  expect(statuses(one)).toEqual({
    blue: 'applied',
    cable: 'applied',
    four: 'applied',
    six: 'skipped',
    'six-too': 'skipped',
    'known-later': 'skipped',
    flaky: 'failed',
    picky: 'failed',
    without: 'skipped',
    last: 'applied',
  })
  expect(one.steps.flatMap(({ reason }) => reason ?? [])).toEqual([
    'its condition is false',
    'needs six, which was skipped',
    'its condition is false: ${{ steps.cable.outputs.mac == "" }}',
    'needs flaky, which failed',
  ])
  const [link] = JSON.parse(await world.sh('ip -n blue -json address show dev to-blue')) as {
    address: string
    addr_info: { local: string }[]
  }[]
  expect(link!.addr_info.map(({ local }) => local)).toEqual(['10.9.0.1', '10.9.0.5'])
  expect(one.outputs).toEqual({ mac: link!.address })
  expect(ran.stdout).toContain(`mac = ${link!.address}`)
  const log = (await world.nsnet('log', 'one')).stdout
  expect(log.match(/step retried +flaky: try \d failed, the next in \d+ ms/g)).toEqual([
    expect.stringContaining('try 1 failed, the next in 50 ms'),
    expect.stringContaining('try 2 failed, the next in 100 ms'),
  ])
  expect(await world.nsnet('run', file, '--id', 'two')).toMatchObject({ exitCode: 0 })
  expect(await world.nsnet('undo', 'two')).toMatchObject({ exitCode: 0 })
  expect(await world.nsnet('undo', 'one')).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(before)
})

test('what comes at the end is taken though a step failed, once in each attempt, and undone with the rest', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  const file = workflowOf('end', {
    steps: [netns('red'), wrong('stop'), netns('green')],
    finally: [netns('end'), wrong('end-fails'), netns('end-too'), netns('needy', { needs: ['green'] })],
  })
  expect(await world.nsnet('run', file, '--id', 'end')).toMatchObject({ exitCode: 1 })
  const first = {
    red: 'applied',
    stop: 'failed',
    green: 'pending',
    end: 'applied',
    'end-fails': 'failed',
    'end-too': 'applied',
    needy: 'skipped',
  }
  const seen = await shown(world, 'end')
  expect({ status: seen.status, ...statuses(seen) }).toEqual({ status: 'failed', ...first })
  const resumed = await world.nsnet('resume', 'end')
  expect(resumed).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/= holds +end +[^ ]+ ms {2}as this run/) })
  expect(resumed.stderr).not.toContain('applied')
  expect(statuses(await shown(world, 'end'))).toEqual(first)
  await world.sh('ip link add nowhere type veth peer name elsewhere')
  expect(await world.nsnet('resume', 'end')).toMatchObject({ exitCode: 0 })
  const all = Object.fromEntries(Object.keys(first).map((id) => [id, 'applied']))
  expect(statuses(await shown(world, 'end'))).toEqual({ ...all, 'end-fails': 'satisfied' })
  expect(await world.nsnet('undo', 'end')).toMatchObject({ exitCode: 0 })
  await world.sh('ip link delete nowhere')
  expect(await fingerprint(world.exec)).toEqual(before)
})

test('a step that waits looks a last time when its time is over', async () => {
  const world = await sandboxed()
  const wait = { id: 'w', uses: 'wait', with: { link: 'none', within: 1.9, every: 1 } }
  const began = performance.now()
  const { exitCode, stderr } = await world.nsnet('run', workflowOf('late', { steps: [wait] }), '-v')
  expect(performance.now() - began).toBeGreaterThan(1900)
  expect({ exitCode, stderr }).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(
      'expected link none to have a carrier within 1.9 s, seen last: there is no such link',
    ),
  })
  expect([...stderr.matchAll(/^ +\$ ip .* address show\b/gm)].length).toBeGreaterThanOrEqual(3)
})

test('a step with a time limit fails when it is over, and is given more than the usual time where it asks for it', async () => {
  const world = await sandboxed()
  const check = { id: 'c', uses: 'check', with: { ping: '203.0.113.99', within: 60 }, timeout: 0.3 }
  const { exitCode, stderr, durationMs } = await world.nsnet('run', workflowOf('slow', { steps: [check] }))
  expect({ exitCode, stderr }).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/c .*(took too long|cannot be reached)/),
  })
  expect(durationMs).toBeLessThan(10_000)
})

test('killed while it waits for the next try, a run is resumed, and undone', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  const file = workflowOf('killed', {
    steps: [netns('red'), wrong('flaky', { retry: { times: 3, delay: 2 } }), netns('green')],
  })
  const [program, ...args] = [...world.enter, ...world.command, 'run', file, '--id', 'killed']
  const child = spawn(program!, args, { stdio: 'ignore', detached: true })
  const log = async (): Promise<string> => (await world.nsnet('log', 'killed')).stdout
  expect(await settle(log, (text) => text.includes('step retried'), 20_000)).toContain('step retried')
  process.kill(-child.pid!, 'SIGKILL')
  await once(child, 'exit')
  await world.sh('ip link add nowhere type veth peer name elsewhere')
  expect(await world.nsnet('resume', 'killed')).toMatchObject({ exitCode: 0 })
  expect(statuses(await shown(world, 'killed'))).toEqual({ red: 'applied', flaky: 'applied', green: 'applied' })
  expect(await world.nsnet('undo', 'killed')).toMatchObject({ exitCode: 0 })
  await world.sh('ip link delete nowhere')
  expect(await fingerprint(world.exec)).toEqual(before)
})
