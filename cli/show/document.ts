import type { Entry } from '../../core/events.ts'
import type { Moment } from '../../core/machine.ts'

/** What `show --json` writes: the run as its journal has it, folded up to `entries`; `last` is there for a past moment. */
export function documentOf(
  { run, status }: Moment,
  entries: readonly Entry[],
  last: number | undefined,
  step: string | undefined,
): object {
  const { seq, at, event } = entries.at(-1)!
  const past = last === undefined ? {} : { past: { last, at, event } }
  const records = [...run.steps.values()]
  if (step === undefined) return { ...run.started, status, steps: records, seq, ...past }
  const events = entries.filter((entry) => 'step' in entry.event && entry.event.step === step)
  return { run: run.started.run, status, step: run.steps.get(step), events, seq, ...past }
}
