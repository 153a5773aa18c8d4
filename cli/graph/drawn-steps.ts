import type { RunStarted, StepSpec } from '../../core/events.ts'
import { StepBroken } from '../../core/guard.ts'
import type { Json } from '../../core/json.ts'
import type { Registry } from '../../core/registry.ts'
import type { Moment } from '../../core/moment.ts'
import { netnsIn } from '../../core/resource.ts'
import type { Sketch } from '../../core/sketch.ts'
import type { Step } from '../../core/step.ts'
import type { StepRecord } from '../../core/run.ts'
import { guessInput, type ScopeWith } from './stand-ins.ts'
import type { DrawnStep } from './topology.ts'

/** A step of a workflow or of a run, with what is known of it. */
type KnownStep = Pick<StepRecord, 'spec' | 'input' | 'outputs'> & {
  readonly pending: boolean
  readonly failed?: boolean
}

/** What the steps are drawn with. */
type Around = Pick<RunStarted, 'inputs' | 'facts'> & Pick<Registry, 'stepOf'>

/** Lets the steps of a workflow draw, none of which has run. */
export const drawWorkflow = ({ steps, ...started }: RunStarted, { stepOf }: Registry): Promise<readonly DrawnStep[]> =>
  drawAll(
    steps.map((spec) => ({ spec, pending: false })),
    { ...started, stepOf },
  )

/**
 * Lets the steps of a run draw. What was undone or skipped is left out; what is not applied (yet) is pending, or has failed,
 * unless the run is taken back: then it will not come.
 */
export function drawRun({ run, status }: Moment, { stepOf }: Registry): Promise<readonly DrawnStep[]> {
  const { started, steps } = run
  const known = [...steps.values()].map((record) => ({
    ...record,
    pending: isPending.test(record.status),
    failed: record.status === 'failed',
  }))
  const isBack = status.startsWith('und')
  const left = known.filter(
    (it) => !/^(undone|gone|not ours|skipped)$/.test(it.status) && !(isBack && it.pending && !it.open),
  )
  return drawAll(left, { ...started, stepOf })
}

const isPending = /^(pending|planned|failed)$/

/** Goes through the steps in their order, for expressions read the outputs of earlier ones. */
async function drawAll(steps: readonly KnownStep[], around: Around): Promise<readonly DrawnStep[]> {
  const outputs = new Map<string, Outputs>()
  const unknown = numbers()
  const drawn: DrawnStep[] = []
  for (const known of steps) {
    const { spec, pending, failed = false } = known
    const step = around.stepOf(spec.uses)
    const scope: ScopeWith = (standIn) => ({
      inputs: around.inputs,
      host: { ...around.facts },
      steps: (id) => outputs.get(id)?.((name) => standIn(unknown(`${id}.${name}`))),
    })
    const input = step && (known.input === undefined ? await guessInput(spec, step, scope) : known.input)
    outputs.set(spec.id, outputsOf(step, input, known.outputs))
    drawn.push({ id: spec.id, pending, failed, sketches: sketchesOf(spec, step, input) })
  }
  return drawn
}

/** Gives the outputs of a step, those that are not known as they are made up. */
type Outputs = (makeUp: (name: string) => Json) => { readonly [name: string]: Json }

function outputsOf(step: Step | undefined, input: unknown, known: StepRecord['outputs'] = {}): Outputs {
  return (makeUp) => {
    const names = Object.keys(step?.outputs ?? {}).filter((name) => !Object.hasOwn(known, name))
    const told = names.map((name) => [name, fromInput(step!, name, input) ?? makeUp(name)])
    return { ...Object.fromEntries(told), ...known }
  }
}

/** Finds an output that the input alone decides: the name of a netns, not its inode. */
function fromInput(step: Step, name: string, input: unknown): Json | undefined {
  if (input === undefined) return undefined
  try {
    return step.outputs?.[name]?.(unseen, input)
  } catch (error) {
    if (error instanceof StepBroken) return undefined
    throw error
  }
}

/** A state that nobody has observed: it cannot be read. */
const unseen = new Proxy<{ [name: string]: Json }>(
  {},
  {
    get: () => {
      throw new Error('nobody has looked')
    },
  },
)

/** Lets a step draw; one that cannot is a note. */
function sketchesOf({ id, uses, name }: StepSpec, step: Step | undefined, input: unknown): readonly Sketch[] {
  const plain = (why: string, netns?: string): readonly Sketch[] => [
    { draw: 'note', netns, text: `${id} (${uses})${why}` },
  ]
  if (!step) return plain(': its step type is not there')
  if (input === undefined) return plain(': not known before it runs')
  try {
    if (step.sketch) return step.sketch(input)
    const [netns, ...more] = (step.resources(input).uses ?? []).flatMap(netnsIn)
    return plain(name === undefined ? '' : `: ${name}`, more.length > 0 ? undefined : netns)
  } catch (error) {
    if (error instanceof StepBroken) return plain(`: ${error.message}`)
    throw error
  }
}

/** Numbers texts in the order in which they come first. */
function numbers(): (text: string) => number {
  const all = new Map<string, number>()
  return (text) => {
    if (!all.has(text)) all.set(text, all.size)
    return all.get(text)!
  }
}
