import type { Entry, RunEvent, RunStarted } from '../../core/events.ts'
import type { Effect } from '../../core/machine.ts'
import { evolve, start, type Moment } from '../../core/moment.ts'
import { phaseEnd, stepEnd, stepAttributes, type Attributes, type End } from './attributes.ts'
import { parentIn, spanIdOf, traceIdOf } from './ids.ts'

/** A stretch of time in a run, told as OpenTelemetry tells it. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  /** A whole run, resume, repair or undo; otherwise one effect on one step. */
  readonly phase: boolean
  /** Milliseconds since 1970. */
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Attributes
  /** Why it failed. */
  readonly error?: string
  /** Number of the event that ended it for good; undefined while it may go on. */
  readonly endedBy: number | undefined
}

/**
 * Projects a journal into one trace: a span for the run until it first stands still, below it one for each later resume, repair and
 * undo, and in each of these one for each effect on a step: from the event that asks for it to the event that comes of it.
 *
 * A journal that goes on keeps its spans as they are: each is named by the run and the event that begins it. What a kill cut
 * off ends at the last event before it.
 */
export function spansOf(entries: readonly Entry[]): readonly Span[] {
  const [first, ...rest] = entries
  if (first?.event.type !== 'RunStarted') return []
  const trace = { started: first.event, root: first, traceId: traceIdOf(first, first.event) }
  let place: Place = { phase: first, last: first, moment: start(first.event) }
  const spans = [...standing(trace, place)]
  for (const entry of rest) {
    const begins = phaseNames[entry.event.type] !== undefined
    spans.push(...(begins ? cutOff(trace, place, entry.seq) : reached(trace, place, entry)))
    place = { phase: begins ? entry : place.phase, last: entry, moment: evolve(place.moment, entry.event) }
    spans.push(...standing(trace, place))
  }
  return [...spans, ...cutOff(trace, place, undefined)]
}

interface Trace {
  readonly started: RunStarted
  readonly root: Entry
  readonly traceId: string
}

/** How far a journal was read: the event that began the phase, the last event, and where the run stands then. */
interface Place {
  readonly phase: Entry
  readonly last: Entry
  readonly moment: Moment
}

/** The effect that the last event asked for ends in another event. */
function reached(trace: Trace, place: Place, entry: Entry): readonly Span[] {
  const [effect] = place.moment.effects
  return effect ? [stepSpan(trace, place, effect, entry, entry.seq, stepEnd(entry.event))] : []
}

/** What went on still: a kill cut it off, as event number `endedBy` shows; or it may be going on. */
function cutOff(trace: Trace, place: Place, endedBy: number | undefined): readonly Span[] {
  const [effect] = place.moment.effects
  if (!effect) return []
  const step = stepSpan(trace, place, effect, place.last, endedBy, stepEnd(undefined))
  return [step, phaseSpan(trace, place, endedBy, phaseEnd(undefined))]
}

/** With an event that asks for nothing more, its phase ends. */
function standing(trace: Trace, place: Place): readonly Span[] {
  const { moment, last } = place
  return moment.effects.length > 0 ? [] : [phaseSpan(trace, place, last.seq, phaseEnd(moment, last.event))]
}

function stepSpan(
  { started, traceId }: Trace,
  { phase, last, moment }: Place,
  effect: Effect,
  end: Entry,
  endedBy: number | undefined,
  how: End,
): Span {
  const spec = started.steps[effect.index]!
  return {
    traceId,
    spanId: spanIdOf(started, last.seq, effect.type),
    parentSpanId: spanIdOf(started, phase.seq, 'phase'),
    name: `${effectNames[effect.type]} ${spec.id}`,
    phase: false,
    ...times(last, end),
    ...how,
    attributes: { ...stepAttributes(started, moment.run, spec, effect), ...how.attributes },
    endedBy,
  }
}

function phaseSpan(
  { started, root, traceId }: Trace,
  { phase, last }: Place,
  endedBy: number | undefined,
  how: End,
): Span {
  const parentSpanId = phase === root ? parentIn(started) : spanIdOf(started, root.seq, 'phase')
  const action = phaseNames[phase.event.type] ?? 'RUN'
  return {
    traceId,
    spanId: spanIdOf(started, phase.seq, 'phase'),
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name: `${action} ${started.workflow.name}`,
    phase: true,
    ...times(phase, last),
    ...how,
    attributes: { 'cicd.pipeline.action.name': action, ...how.attributes },
    endedBy,
  }
}

const phaseNames: { readonly [type in RunEvent['type']]?: string } = {
  RunResumed: 'RESUME',
  RepairStarted: 'REPAIR',
  UndoStarted: 'UNDO',
}

const effectNames: { readonly [type in Effect['type']]: string } = {
  plan: 'plan',
  apply: 'apply',
  undo: 'plan undo',
  takeBack: 'undo',
}

/** The clock of a host may be set back; a span never ends before it begins. */
function times(from: Entry, to: Entry): Pick<Span, 'startMs' | 'endMs'> {
  const startMs = Date.parse(from.at)
  return { startMs, endMs: Math.max(startMs, Date.parse(to.at)) }
}
