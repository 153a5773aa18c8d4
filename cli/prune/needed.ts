import { claimsOf } from '../../core/claims.ts'
import type { Moment } from '../../core/moment.ts'
import type { StepRecord } from '../../core/run.ts'

/**
 * Says why the journal of a run is still needed; undefined when the run is over and nothing hangs on it.
 *
 * A run of this boot is over when it owns nothing and relies on nothing that others made: its claim keeps an undo of theirs
 * from taking that away. Of a run of another boot nothing is left; one that was stopped can still be set up again.
 */
export function neededFor(moment: Moment, boot: string): string | undefined {
  const { run, status } = moment
  const ofThisBoot = run.started.facts.boot === boot
  const open = [...run.steps.values()].filter((step) => step.open)
  if (ofThisBoot && open.length > 0) return status === 'undone' ? whyKept(open) : `owns ${steps(open)}`
  if (ofThisBoot && claimsOf(moment).length > 0) return 'relies on what others made'
  if (status === 'running' || status === 'interrupted') return 'was stopped: resume or undo it'
  if (ofThisBoot && status.startsWith('undo') && status !== 'undone') return 'its undo was stopped'
  return undefined
}

function whyKept(open: readonly StepRecord[]): string {
  const runs = [...new Set(open.flatMap(({ neededBy = [] }) => neededBy))]
  return runs.length === 0 ? `owns ${steps(open)} that others changed` : `keeps ${steps(open)} for ${runs.join(', ')}`
}

const steps = ({ length }: { readonly length: number }): string => (length === 1 ? '1 step' : `${length} steps`)
