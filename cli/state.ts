import type { Summary } from '../journal/index.ts'
import type { Store } from '../journal/store.ts'
import { bootOf } from '../library/facts.ts'

let boot: string | undefined

/**
 * What people call the state of a run: one that was killed is `interrupted`, one from before a reboot `stale`, one of which
 * an undo has left something `undone in part`. Of one that found all in place it says so: what it found goes with another run.
 */
export async function stateOf(store: Store, run: Summary): Promise<string> {
  boot ??= bootOf()
  if (run.boot !== '' && run.boot !== boot && run.holding + run.ours > 0)
    return `stale (${run.status} before the reboot)`
  if (run.status === 'undone' && run.ours > 0) return 'undone in part'
  if (run.status === 'completed' && run.ours === 0) return 'completed, made nothing'
  const midway = run.status === 'running' || run.status === 'undoing'
  return midway && !(await store.isBusy(run)) ? 'interrupted' : run.status
}
