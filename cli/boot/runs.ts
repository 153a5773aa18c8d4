import type { Summary } from '../../journal/index.ts'
import type { Store } from '../../journal/store.ts'
import { bootOf } from '../../library/facts.ts'

/** Lists the runs that a unit has begun, the latest first. */
export const runsOf = async ({ list }: Store, unit: string): Promise<readonly Summary[]> =>
  (await list()).filter((run) => run.unit === unit)

/** Lists those of them that own something in the kernel, and that no undo was through with. */
export const liveRunsOf = async (store: Store, unit: string): Promise<readonly Summary[]> =>
  (await runsOf(store, unit)).filter(({ boot, ours, status }) => boot === bootOf() && ours > 0 && status !== 'undone')
