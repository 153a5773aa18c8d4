import type { RunStarted } from '../core/events.ts'
import type { WorkLock } from '../journal/lock.ts'
import type { Store } from '../journal/store.ts'
import { turnWith, type Turn } from './turn.ts'

/** What taking the locks needs to know. */
export interface Locking {
  readonly store: Store
  /** Wait for whoever has the lock, instead of refusing. */
  readonly wait?: boolean
  /** Gives what ends the waiting. */
  readonly giveUp?: () => AbortSignal
  /** What can be made ready meanwhile. */
  readonly place: { readonly warmUp: () => void }
}

/** Takes the lock of what a run does, and a turn at the kernel. @throws LOCKED, INTERRUPTED */
export async function locked<T>(
  { store, place, wait = false, giveUp }: Locking,
  started: RunStarted,
  how: 'shared' | 'alone',
  work: (turn: Turn, lock: WorkLock) => Promise<T>,
): Promise<T> {
  // they start while the locks are taken
  place.warmUp()
  const both = await store.lockAndTurn(started, holderOf(started), wait, how, giveUp?.())
  const turn = turnWith(store, both.turn, how)
  try {
    return await work(turn, both.lock).finally(turn.end)
  } finally {
    await both.lock.release()
  }
}

/** Takes the lock of what a run does. @throws LOCKED */
export function lockOf({ store }: Pick<Locking, 'store'>, started: RunStarted, wait: boolean): Promise<WorkLock> {
  return store.lock(started, holderOf(started), wait)
}

const holderOf = ({ run, workflow }: RunStarted): string =>
  `nsnet with process id ${process.pid} (run ${run} of ${workflow.name})`
