import { acquire, acquireNow, takeTurn, takeTurnNow, type Lock, type WorkLock } from './lock.ts'

/** The lock of what a run does, and a turn at the kernel. */
export interface BothLocks {
  readonly lock: WorkLock
  readonly turn: Lock
}

/** The files of both locks, and how they are taken. */
export interface Wanted {
  readonly work: string
  readonly turns: string
  readonly holder: string
  readonly wait: boolean
  readonly how: 'shared' | 'alone'
  /** Ends the waiting. */
  readonly giveUp?: AbortSignal | undefined
}

/**
 * Takes both locks at the same time where both are free. Otherwise the turn is given back before anything is waited for,
 * since who has the lock may be waiting for a turn, and they are taken one after the other.
 *
 * @throws LOCKED, INTERRUPTED, JOURNAL_UNWRITABLE, TOOL_MISSING and TOOL_FAILED of flock
 */
export async function takeBoth(wanted: Wanted): Promise<BothLocks> {
  const { work, turns, holder, how } = wanted
  const [first, second] = await Promise.allSettled([acquireNow(work, holder), takeTurnNow(turns, how)])
  const [lock, turn] = [valueOf(first), valueOf(second)]
  if (lock && turn) return { lock, turn }
  await turn?.release()
  const failed = [first, second].find((it) => it.status === 'rejected')
  if (!failed) return await oneByOne(wanted, lock)
  await lock?.release()
  throw failed.reason
}

const valueOf = <T>(settled: PromiseSettledResult<T>): T | undefined =>
  settled.status === 'fulfilled' ? settled.value : undefined

async function oneByOne(
  { work, turns, holder, wait, how, giveUp }: Wanted,
  held: WorkLock | undefined,
): Promise<BothLocks> {
  const lock = held ?? (await acquire(work, holder, wait, giveUp))
  try {
    return { lock, turn: await takeTurn(turns, how, giveUp) }
  } catch (error) {
    await lock.release()
    throw error
  }
}
