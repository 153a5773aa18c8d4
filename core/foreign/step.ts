import type { Command, Output } from '../command.ts'
import type { Json } from '../json.ts'
import type { ResourceKey, Resources } from '../resource.ts'
import type { StepDocs } from '../step-docs.ts'
import type { Change, Context, Earlier, Plan, Step } from '../step.ts'
import type { Asking } from './ask.ts'
import { requests, type Ask, type Described } from './protocol.ts'
import { schemaFrom } from './schema.ts'

/** Makes a step of what a plugin says of it: each of its functions asks the plugin. What comes back, `guarded` checks. */
export function foreignStep(described: Described, asking: Asking): Step {
  const { type, summary, input, outputs, onlyLooks, docs } = described
  const ask = (name: Ask, ...args: readonly unknown[]): unknown =>
    asking(name, { type, ...Object.fromEntries(requests[name].map((argument, at) => [argument, args[at] ?? null])) })
  return {
    type,
    ...(summary === undefined ? {} : { summary }),
    docs: { ...(docs as StepDocs), outputs },
    input: schemaFrom(input),
    ...(onlyLooks ? { onlyLooks } : {}),
    resources: (given) => ask('resources', given) as Resources,
    probe: (given, context) => ask('probe', given, placeOf(context)) as Command | readonly Command[],
    observe: (_, given, { outputs: told, ...context }) =>
      ask('observe', told.map(withoutTime), given, placeOf(context)) as Json,
    plan: (given, observed, context) => ask('plan', given, observed, placeOf(context)) as Plan,
    outputs: Object.fromEntries(
      Object.keys(outputs).map((name) => [
        name,
        (state: Json, given: unknown) => outputIn(ask('outputs', state, given), name),
      ]),
    ),
    ...more(described, ask),
  }
}

type AskIt = (name: Ask, ...args: readonly unknown[]) => unknown

/** The functions that a plugin may leave out; the engine goes by whether they are there. */
function more({ also }: Described, ask: AskIt): Partial<Step> {
  const all: Partial<Step> = {
    undo: (given, before, now, context) => ask('undo', given, before, now, placeOf(context)) as readonly Command[],
    identity: (state) => ask('identity', state) as Json,
    drift: (given, after, now, context) =>
      orNothing(ask('drift', given, after, now, placeOf(context)) as string | null),
    changes: (given, observed) => ask('changes', given, observed) as readonly Change[],
    outcome: (given, before, context) => ask('outcome', given, before, placeOf(context)) as Json,
    watches: (given) => ask('watches', given) as readonly ResourceKey[],
    indivisible: (given) => ask('indivisible', given) as readonly ResourceKey[],
    foretell: (given, state, earlier) => orNothing(ask('foretell', given, state, earlierOf(earlier)) as Json),
  }
  return Object.fromEntries(also.map((name) => [name, all[name]]))
}

const orNothing = <T>(answer: T | null): T | undefined => answer ?? undefined

/** How long a command took is no part of what it said: an equal answer is asked about once. */
const withoutTime = ({ stdout, stderr, exitCode }: Output) => ({ stdout, stderr, exitCode })

const placeOf = ({ run, step, facts, before, undoing }: Context): Context => ({
  run,
  step,
  facts,
  ...(before === undefined ? {} : { before }),
  ...(undoing === undefined ? {} : { undoing }),
})

const earlierOf = ({ step, uses, input, resources }: Earlier) => ({ step, uses, input, resources })

function outputIn(answer: unknown, name: string): Json {
  const found = (answer as { readonly [name: string]: Json } | null)?.[name]
  if (found === undefined) throw new Error(`expected an object with "${name}", got ${JSON.stringify(answer)}`)
  return found
}
