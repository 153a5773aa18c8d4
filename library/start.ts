import { expectStep } from '../core/plugin-shape.ts'
import type { Step } from '../core/step.ts'
import { goOnWith } from './going-on.ts'
import { givenOf } from './given-of.ts'
import { liveRun, type LiveRun } from './live-run.ts'
import type { Working } from './opened-run.ts'
import {
  expectOptionsOf,
  type ResumeOptions,
  type StartOptions,
  type UndoOptions,
  type WorkflowObject,
} from './options.ts'
import type { Place } from './place.ts'
import { readyRun, type ReadyRun } from './ready-run.ts'
import { beginRun, type Stopped } from './session.ts'
import { takeBack } from './taking-back.ts'
import { workOnRun, type Work } from './work.ts'
import { expectWorkflow, sourceOf } from './workflow-source.ts'
import { expectMayChange, leave, worldOf, type World } from './world.ts'

/** Begins a run of a workflow. @see index.ts */
export async function start(workflow: string | WorkflowObject, options: StartOptions): Promise<LiveRun> {
  expectOptionsOf('start', options)
  expectWorkflow(workflow)
  return await inWorld(options, async (world) => {
    const { registry, secrets, ...more } = await ready(workflow, options, world.place)
    const started = { ...more.started, borrows: true }
    return await setUp(world, started.run, options, (working) => beginRun({ ...working, registry, secrets }, started))
  })
}

/** Goes on with a run that stopped. @see index.ts */
export async function resume(name: string, options: ResumeOptions): Promise<LiveRun> {
  expectOptionsOf('resume', options)
  return await inWorld(options, async (world) => {
    const { id } = await world.store.find(name)
    return await setUp(world, id, options, (working) => goOnWith(working, id))
  })
}

/** Has a run set up, and gives it once its first event is journaled. */
async function setUp(
  world: World,
  id: string,
  options: ResumeOptions | StartOptions,
  drive: (working: Working) => Promise<Stopped>,
): Promise<LiveRun> {
  expectMayChange(world)
  const work = workOnRun(id)
  const working = workingIn(world, work, options)
  const done = work.next('set up', async () => (await drive(working)).ending, options.signal)
  await Promise.race([work.begun, done])
  return liveRun({ id, world, work, working, done })
}

/** Takes a run back. @see index.ts */
export async function undo(name: string, options: UndoOptions): Promise<void> {
  expectOptionsOf('undo', options)
  await inWorld(options, async (world) => {
    const { id } = await world.store.find(name)
    expectMayChange(world)
    const work = workOnRun(id)
    const { to, cascade = false, force = false } = options
    const working = { ...workingIn(world, work, options), force }
    const extent = to === undefined ? { cascade } : { cascade, to }
    await work.next('take back', () => takeBack(working, id, extent), options.signal)
  })
}

/** What is made for a run alone goes with it when it cannot begin. */
async function inWorld<T>(options: ResumeOptions | StartOptions, work: (world: World) => Promise<T>): Promise<T> {
  const world = await worldOf(options)
  try {
    return await work(world)
  } catch (error) {
    await leave(world)
    throw error
  }
}

const workingIn = (
  { place, store }: World,
  { watch, giveUp }: Work,
  options: ResumeOptions | StartOptions,
): Working => ({
  place,
  store,
  watch,
  giveUp,
  note: () => undefined,
  wait: options.wait ?? false,
  given: givenOf(options),
  steps: stepsOf(options),
})

async function ready(workflow: string | WorkflowObject, options: StartOptions, place: Place): Promise<ReadyRun> {
  const [source, facts] = await Promise.all([sourceOf(workflow), place.facts()])
  const links = place.links()
  return await readyRun({ ...source, facts, links, given: givenOf(options), steps: stepsOf(options), id: options.id })
}

/** @throws PLUGIN_INVALID */
function stepsOf({ steps = [] }: ResumeOptions | StartOptions): readonly Step[] {
  for (const step of steps) expectStep(step, 'the option "steps"')
  return steps as unknown as readonly Step[]
}
