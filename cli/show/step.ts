import type { Entry } from '../../core/events.ts'
import type { Json } from '../../core/json.ts'
import type { Run, StepRecord } from '../../core/run.ts'
import { noteOf, wordsOf } from '../event-words.ts'
import { flowRows } from '../flow-rows.ts'
import { plainValue } from '../plain-value.ts'
import { placeOf, failureLines, summaryIn, whatChanged } from '../render.ts'
import { outcomeLines } from '../step-line.ts'
import { commandRows, row } from '../rows.ts'
import type { Screen } from '../terminal.ts'

/** What became of a step at a glance: a line, and what went wrong where something did, with all output or its beginning. */
export function outcomeOf(screen: Screen, run: Run, id: string, output: 'all' | 'beginning'): readonly string[] {
  const record = run.steps.get(id)!
  const lines = outcomeLines(screen, run, id, record.status, record.durationMs, detailOf(screen, record))
  const failure = failed(record) ? record.failure : undefined
  return failure ? [...lines, ...failureLines(screen, run, id, failure, output)] : lines
}

const failed = ({ status }: StepRecord): boolean => status === 'failed' || status === 'undo failed'

function detailOf(screen: Screen, record: StepRecord): string {
  const { status, outputs, apply, undo, failure, reason = '' } = record
  if (failed(record)) return failure!.message
  if (status === 'pending') return ''
  if (status === 'satisfied') return summaryIn(outputs) ?? 'held already'
  if (status === 'undone' && reason === '') return whatChanged(screen, {}, undo)
  return status === 'applied' || status === 'planned' ? whatChanged(screen, outputs, apply) : reason
}

/** Everything else that is known of a step, a fact a row, and its events, an event a row. */
export function stepRows(screen: Screen, run: Run, id: string, events: readonly Entry[]): readonly string[] {
  const record = run.steps.get(id)!
  const { spec, apply, undo, takingBack, open, status, neededBy = [] } = record
  const value = (label: string, it: Json | undefined): readonly string[] =>
    it === undefined ? [] : [row(screen, label, plainValue(it))]
  return [
    ...(failed(record) ? [] : [row(screen, 'at', placeOf(run.started, spec))]),
    row(screen, 'type', spec.uses),
    ...(spec.name === undefined ? [] : [row(screen, 'name', spec.name)]),
    ...flowRows(screen, spec),
    ...value('with', record.input ?? spec.with),
    ...value('before', record.before),
    ...(apply ? commandRows(screen, 'apply', apply) : []),
    ...value('after', record.after),
    ...(Object.keys(record.outputs ?? {}).length > 0 ? value('outputs', record.outputs) : []),
    ...(undo ? commandRows(screen, open ? 'undo' : 'undo was', undo) : []),
    ...(takingBack ? commandRows(screen, 'undoing', takingBack) : []),
    ...claimRows(screen, record),
    ...(status === 'kept' && neededBy.length > 0 ? [row(screen, 'needed by', neededBy.join(', '))] : []),
    ...eventRows(screen, events),
  ]
}

function claimRows(screen: Screen, { resources = {}, netns = {} }: StepRecord): readonly string[] {
  const { creates = [], uses = [], shares = [] } = resources
  const keys = { creates, uses, shares }
  const ids = Object.entries(netns).map(([name, { inode, made }]) => `${name} (inode ${inode}, made ${made})`)
  return [
    ...Object.entries(keys).flatMap(([label, list]) =>
      list.length === 0 ? [] : [row(screen, label, list.join(', '))],
    ),
    ...(ids.length === 0 ? [] : [row(screen, 'netns', ids.join(', '))]),
  ]
}

const eventRows = (screen: Screen, events: readonly Entry[]): readonly string[] =>
  events.map(({ seq, at, event }, index) => {
    const about = [wordsOf(event), noteOf(event)].filter(Boolean).join(': ')
    return row(screen, index === 0 ? 'events' : '', `${seq}  ${at.slice(0, 23).replace('T', ' ')} UTC  ${about}`)
  })
