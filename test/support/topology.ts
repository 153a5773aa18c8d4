import { builtinSteps } from '../../library/builtin.ts'
import { drawWorkflow } from '../../cli/graph/drawn-steps.ts'
import type { Topology } from '../../cli/graph/model.ts'
import { topologyOf } from '../../cli/graph/topology.ts'
import { prepare } from '../../core/prepare.ts'
import { registryOf } from '../../core/registry.ts'
import type { Sketch } from '../../core/sketch.ts'
import { parseSource } from '../../core/source.ts'
import type { Step } from '../../core/step.ts'
import { draftOf } from '../../core/workflow.ts'
import { context } from './given.ts'
import type { StepText } from './runs.ts'

/** Draws a workflow text as `nsnet graph FILE` does, on a host with the uplink `enp1s0`. */
export async function drawn(
  text: string,
  plugins: readonly object[] = [],
  drifted = new Map<string, string>(),
): Promise<Topology> {
  const registry = registryOf([...builtinSteps, ...(plugins as readonly Step[])])
  const { facts } = context
  const draft = draftOf(await parseSource(text, '/lab.json'))
  const { inputs, steps } = await prepare(draft, registry, facts, { texts: {}, values: {}, environment: {} })
  const workflow = { name: draft.name, path: '/lab.json', text, hash: '' }
  const started = { type: 'RunStarted', run: 'r1', nsnet: '0', workflow, inputs, facts, plugins: [], steps } as const
  return topologyOf(await drawWorkflow(started, registry), {
    name: draft.name,
    run: null,
    uplink: facts.uplink,
    drifted,
  })
}

/** Draws these steps. */
export const drawnSteps = (steps: readonly StepText[], plugins: readonly object[] = []): Promise<Topology> =>
  drawn(JSON.stringify({ name: 'lab', steps }), plugins)

/** Folds sketches, each of a step of its own: `s0`, `s1` … */
export const sketched = (...sketches: readonly Sketch[]): Topology =>
  topologyOf(
    sketches.map((sketch, at) => ({ id: `s${at}`, sketches: [sketch], pending: false })),
    { name: 'lab', run: null, uplink: 'enp1s0', drifted: new Map() },
  )
