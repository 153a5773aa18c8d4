import { NsnetError } from '../core/errors.ts'
import type { Failure } from '../core/events.ts'
import type { Moment } from '../core/moment.ts'
import type { StepRecord } from '../core/run.ts'
import type { Ending } from './ending.ts'

/** What was done with a run. */
export type Deed = 'set up' | 'take back'

/** Says why a run does not hold, or is not taken back; undefined where all went well. `reason` is why it was stopped. */
export function refusalOf(
  { how }: Ending,
  deed: Deed,
  id: string,
  moment: Moment | undefined,
  reason: unknown,
): NsnetError | undefined {
  const steps = [...(moment?.run.steps.values() ?? [])]
  switch (how) {
    case 'well':
      return undefined
    case 'stopped': {
      const hint = deed === 'set up' ? `go on with it: resume('${id}')` : `take back the rest: undo('${id}')`
      return new NsnetError('INTERRUPTED', `run ${id} was stopped`, hint, { cause: reason })
    }
    case 'kept':
      return kept(id, steps)
    case 'failed':
      return failed(deed, id, steps)
  }
}

function failed(deed: Deed, id: string, steps: readonly StepRecord[]): NsnetError {
  const isSetUp = deed === 'set up'
  const step = steps.find(({ status }) => status === (isSetUp ? 'failed' : 'undo failed'))
  const code = isSetUp ? 'STEP_FAILED' : 'UNDO_FAILED'
  if (!step) return new NsnetError(code, `run ${id} could not be ${isSetUp ? 'set up' : 'taken back'}`)
  const { spec, failure } = step
  const what = isSetUp ? 'failed' : 'could not be taken back'
  return new NsnetError(
    code,
    `step ${spec.id} (${spec.uses}) of run ${id} ${what}: ${inWords(failure)}`,
    failure?.hint,
    {
      cause: failure,
    },
  )
}

function inWords(failure: Failure | undefined): string {
  const said = failure?.output?.stderr.trim()
  return `${failure?.message ?? 'no reason is known'}${said ? `\n${said}` : ''}`
}

function kept(id: string, steps: readonly StepRecord[]): NsnetError {
  const those = steps.filter(({ status, neededBy }) => status === 'kept' && neededBy?.length === 0)
  const reasons = those.map(({ spec, reason }) => `${spec.id}: ${reason}`).join('; ')
  const message = `run ${id} was taken back but for what others have changed: ${reasons}`
  return new NsnetError('UNDO_KEPT', message, `take that back, too: undo('${id}', { force: true })`)
}
