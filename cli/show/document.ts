import { outputsOfRun } from '../../core/run-outputs.ts'
import type { Story } from './story.ts'

/** What `show --json` writes: the run as its journal has it, or had it at a past moment; or one of its steps. */
export function documentOf({ moment, now, last, ofStep }: Story, isPast: boolean, step: string | undefined): object {
  const { run, status } = moment
  const { seq, at, event } = now
  const past = isPast ? { past: { last, at, event } } : {}
  const records = [...run.steps.values()]
  if (step === undefined) return { ...run.started, status, steps: records, outputs: outputsOfRun(run), seq, ...past }
  return { run: run.started.run, status, step: run.steps.get(step), events: ofStep.get(step) ?? [], seq, ...past }
}
