import type { Entry } from '../../core/events.ts'
import { printable } from '../../core/quote.ts'
import type { Run } from '../../core/run.ts'
import { wordsOf } from '../event-words.ts'
import { plainValue } from '../plain-value.ts'
import { headRow } from '../rows.ts'
import { duration, type Screen } from '../terminal.ts'
import { behind } from '../text.ts'
import { ago, toTheSecond } from '../times.ts'
import type { Affected } from './affected.ts'
import type { Story } from './story.ts'

/** The head of a run as it stands now. */
export function headRows(
  screen: Screen,
  { moment: { run }, first, now, tookMs }: Story,
  state: string,
  affected: readonly Affected[],
): readonly string[] {
  const name = screen.paint('bold', run.started.run)
  return [
    headLine(screen, `run ${name} of ${printable(run.started.workflow.name)}: ${state}`),
    ...commonRows(screen, run, first, ago(first.at, Date.now())),
    headRow(screen, 'latest', `event ${now.seq}, ${aboutEvent(now)}, ${ago(now.at, Date.now())}`),
    headRow(screen, 'took', duration(tookMs)),
    ...affected.map((other) => headRow(screen, 'affected', toldOf(run, other))),
  ]
}

/** The head of a run as it stood after an event, which says that this is past. */
export function pastRows(screen: Screen, { moment, first, now, last }: Story): readonly string[] {
  const { run, status } = moment
  const name = screen.paint('bold', run.started.run)
  return [
    headLine(
      screen,
      `run ${name} of ${printable(run.started.workflow.name)}, the past: ${status} after event ${now.seq} of ${last}`,
    ),
    headRow(screen, 'event', `${now.seq}, ${aboutEvent(now)}, ${toTheSecond(now.at)} UTC`),
    ...commonRows(screen, run, first, ''),
  ]
}

const headLine = ({ columns }: Screen, text: string): string => behind(text, 2, columns())

function commonRows(screen: Screen, { started }: Run, first: Entry, when: string): readonly string[] {
  const { workflow, inputs } = started
  return [
    headRow(screen, 'file', workflow.path),
    headRow(screen, 'inputs', Object.keys(inputs).length === 0 ? 'none' : plainValue(inputs)),
    headRow(screen, 'started', `${toTheSecond(first.at)} UTC${when === '' ? '' : `, ${when}`}`),
  ]
}

const aboutEvent = ({ event }: Entry): string => `${wordsOf(event)}${'step' in event ? ` (${event.step})` : ''}`

function toldOf({ started }: Run, { run, workflow, steps }: Affected): string {
  const other = `run ${run} (${workflow})`
  if (steps === 'first') return `${other} works inside of it, and goes first: nsnet undo ${started.run} --cascade`
  return `${other} needs what it shares, which stays until that run is undone: ${steps.join(', ')}`
}
