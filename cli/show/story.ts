import { NsnetError } from '../../core/errors.ts'
import type { Entry } from '../../core/events.ts'
import type { Moment } from '../../core/moment.ts'
import { folding } from '../../journal/moments.ts'
import type { Store } from '../../journal/store.ts'
import { workedMs } from '../times.ts'

/** A run at one moment, and what its journal says of the way there. */
export interface Story {
  readonly moment: Moment
  readonly first: Entry
  /** The last event of the way. */
  readonly now: Entry
  /** The number of the last event in the journal. */
  readonly last: number
  /** Milliseconds that nsnet was at work. */
  readonly tookMs: number
  /** The events of each step of which they were asked for, in their order. */
  readonly ofStep: ReadonlyMap<string, readonly Entry[]>
}

/**
 * Reads the story of a run up to the event with a number, or to its end; with the events of the steps that `tells` says.
 *
 * @throws RUN_NOT_FOUND when the journal holds nothing, JOURNAL_BROKEN; USAGE when there is no such event
 */
export async function storyOf(
  store: Store,
  id: string,
  at: string | undefined,
  tells: (step: string) => boolean,
): Promise<Story> {
  const end = at === undefined ? Infinity : /^\d{1,9}$/.test(at) ? Number(at) : 0
  const { take, folded } = folding()
  const ofStep = new Map<string, Entry[]>()
  let [tookMs, last]: [number, number] = [0, 0]
  let [first, now]: (Entry | undefined)[] = []
  await store.read(id, (entries) => {
    const way = entries.filter(({ seq }) => seq <= end)
    if (way.length > 0) take(way)
    for (const entry of way) {
      const { event } = entry
      tookMs += workedMs(now, entry)
      if ('step' in event && tells(event.step)) ofStep.set(event.step, [...(ofStep.get(event.step) ?? []), entry])
      first ??= entry
      now = entry
    }
    last = entries.at(-1)!.seq
  })
  if (last === 0) throw new NsnetError('RUN_NOT_FOUND', `the journal of run ${id} holds nothing yet`)
  const told = folded()
  if (!told || !first || !now || (end !== Infinity && end > last)) throw noSuchEvent(at!, last)
  return { moment: told.moment, first, now, last, tookMs, ofStep }
}

function noSuchEvent(text: string, last: number): NsnetError {
  const message = `expected --at with the number of an event, from 1 to ${last}, got "${text}"`
  return new NsnetError('USAGE', message, 'nsnet log RUN lists the events with their numbers')
}
