import fc from 'fast-check'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { show, type Command } from '../../core/command.ts'
import type { Ahead } from '../../core/effects/plan-ahead.ts'
import type { UndoAhead } from '../../core/effects/undo-ahead.ts'
import type { Entry, RunEvent } from '../../core/events.ts'
import { isPredictable, workflows } from '../crash/random-workflow.ts'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { workspace } from '../support/runs.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const { dir } = workspace()

const shipped = ['internet', 'internet-nftables', 'two-namespaces'].map((name) => `workflows/${name}.json`)

test.each(shipped)('%s does exactly what was planned', async (file) => await expectExact(await sandboxed(), file))

/** A veth of which one end is up, and what follows. */
const onVeth = (...steps: readonly object[]): string =>
  JSON.stringify({
    name: 'lab',
    steps: [
      { uses: 'veth', with: { name: 'va', peer: { name: 'vb' } } },
      { uses: 'link', with: { link: 'va', state: 'up' } },
      ...steps,
    ].map((step, at) => ({ id: `s${at}`, ...step })),
  })

const six = { uses: 'addr', with: { link: 'va', address: 'fd00::1/64', nodad: true } }
const link = (name: string, change: object): object => ({ uses: 'link', with: { link: name, ...change } })

test.each([
  ['a sysctl', [six, { uses: 'sysctl', with: { key: 'net.ipv6.conf.va.disable_ipv6', value: 1 } }]],
  ['an MTU', [six, { uses: 'route', with: { to: 'fd99::/64', dev: 'va' } }, link('va', { mtu: 1000 })]],
  [
    'its link',
    [
      link('vb', { state: 'up' }),
      { uses: 'addr', with: { link: 'va', address: '10.50.0.1/24' } },
      { uses: 'route', with: { to: '10.77.0.0/24', via: '10.50.0.2' } },
      link('vb', { state: 'down' }),
      link('va', { state: 'down' }),
    ],
  ],
  [
    'nothing: the peer of an address brings a route',
    [
      { uses: 'addr', with: { link: 'va', address: '10.50.0.1/32', peer: '10.50.0.2' } },
      { uses: 'route', with: { to: '10.50.0.2/32', dev: 'va' } },
    ],
  ],
])('what goes with %s in the same run is no drift, and is undone as rehearsed', async (_, steps) => {
  const file = join(dir, 'lab.json')
  writeFileSync(file, onVeth(...steps))
  await expectExact(await sandboxed(), file)
})

test('a random workflow does exactly what was planned', { timeout: 3_600_000 }, async () => {
  const world = await sandboxed()
  const file = join(dir, 'workflow.json')
  const all = process.env['NSNET_CRASH'] !== undefined
  const seed = Number(process.env['NSNET_SEED'] ?? (all ? Date.now() % 2 ** 31 : 1))
  await fc.assert(
    fc.asyncProperty(workflows.filter(isPredictable), async (steps) => {
      writeFileSync(file, JSON.stringify({ name: 'random', steps }))
      await expectExact(world, file)
    }),
    { seed, numRuns: all ? 100 : 5, endOnFailure: true },
  )
})

/** Plans a workflow, runs it, and compares; then the same with its undo. In between, all of it holds. */
async function expectExact(world: Sandboxed, file: string): Promise<void> {
  const before = await fingerprint(world.exec)
  const run = await expectRunAsPlanned(world, file)
  expect(await world.nsnet('verify', run)).toMatchObject({ exitCode: 0 })
  await expectUndoneAsRehearsed(world, run)
  expect(await fingerprint(world.exec), 'after undo').toEqual(before)
}

async function expectRunAsPlanned({ nsnet, exec }: Sandboxed, file: string): Promise<string> {
  const before = await fingerprint(exec)
  const planned = await nsnet('plan', file, '--json', '--detailed-exitcode')
  expect(await fingerprint(exec), 'after plan').toEqual(before)
  const { run, steps } = JSON.parse(planned.stdout) as { run: string; steps: readonly Ahead[] }
  const stop = steps.find(({ outcome }) => outcome === 'conflict')
  const changes = steps.some(({ apply }) => apply.length > 0)
  expect(planned).toMatchObject({ exitCode: stop ? 1 : changes ? 2 : 0, stderr: '' })
  const events = eventsIn((await nsnet('run', file, '--id', run, '--json')).stdout)
  const certain = steps
    .slice(0, stop && steps.indexOf(stop))
    .filter(({ outcome }) => outcome !== 'later' && outcome !== 'check')
  const names = new Set(certain.map(({ step }) => step))
  const did = didIn(events).filter(({ step }) => names.has(step))
  // what holds already is told when the batch is done that it stands in
  expect(did.toSorted(byPlace(steps))).toEqual(certain.map(foretold))
  const failed = events.flatMap((it) => (it.type === 'StepFailed' ? [it.step] : []))
  expect(failed).toEqual(stop ? [stop.step] : [])
  return run
}

async function expectUndoneAsRehearsed({ nsnet, exec }: Sandboxed, run: string): Promise<void> {
  const before = await fingerprint(exec)
  const rehearsed = await nsnet('undo', run, '--dry-run', '--json')
  expect(await fingerprint(exec), 'after undo --dry-run').toEqual(before)
  const [{ steps }] = JSON.parse(rehearsed.stdout).runs as [{ steps: readonly UndoAhead[] }]
  const events = eventsIn((await nsnet('undo', run, '--yes', '--json')).stdout)
  expect(undoneIn(events)).toEqual(steps.map(deedOf))
}

const deedOf = (ahead: UndoAhead): Deed => ({
  step: ahead.step,
  undo: ahead.outcome === 'undo' ? ahead.commands.map(show) : [ahead.outcome],
})

/** What an undo did with each step: its commands, or how it ended without any. */
function undoneIn(events: readonly RunEvent[]): readonly Deed[] {
  const planned = new Map(events.flatMap((it) => (it.type === 'UndoPlanned' ? [[it.step, it.undo.map(show)]] : [])))
  return events.flatMap((it) =>
    it.type === 'StepUndone' ? [{ step: it.step, undo: planned.get(it.step) ?? [it.how] }] : [],
  )
}

const eventsIn = (stdout: string): readonly RunEvent[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as Entry).event)

interface Deed {
  readonly step: string
  readonly apply?: readonly string[]
  readonly undo: readonly string[]
}

/** Without the sysctls of a link that an earlier step makes: they are known only when it is there. */
const undoIn = (commands: readonly Command[]): readonly string[] =>
  commands.map(show).filter((text) => !text.includes('/neigh/'))

function didIn(events: readonly RunEvent[]): readonly Deed[] {
  return events.flatMap((event) => {
    if (event.type === 'StepPlanned')
      return [{ step: event.step, apply: event.apply.map(show), undo: undoIn(event.undo) }]
    return event.type === 'StepSatisfied' ? [{ step: event.step, apply: [], undo: [] }] : []
  })
}

function byPlace(steps: readonly Ahead[]) {
  const places = new Map(steps.map(({ step }, at) => [step, at]))
  return (a: Deed, b: Deed): number => places.get(a.step)! - places.get(b.step)!
}

const foretold = ({ step, apply, undo }: Ahead): Deed => ({ step, apply: apply.map(show), undo: undoIn(undo) })
