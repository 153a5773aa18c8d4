import { pause } from '../core/wait.ts'
import type { Lock } from '../journal/lock.ts'
import type { Store } from '../journal/store.ts'

/** What nsnet may do to the kernel at the same time as others: many set up at once, who undoes is alone. */
export interface Turn {
  /** Lets others have their turn for some time. @throws Interrupted */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
  /** Waits until no other nsnet is at work at all. */
  readonly alone: () => Promise<void>
  readonly end: () => Promise<void>
}

/**
 * Makes a turn of one that was taken. What a step sees while others set up still stands when its intent is journaled: nobody
 * takes away meanwhile what it relies on.
 */
export function turnWith({ turn }: Store, first: Lock, how: 'shared' | 'alone'): Turn {
  let lock: Lock | undefined = first
  let isAlone = how === 'alone'
  const end = async (): Promise<void> => {
    await lock?.release()
    lock = undefined
  }
  return {
    end,
    alone: async () => {
      if (lock && isAlone) return
      await end()
      lock = await turn('alone')
      isAlone = true
    },
    pause: async (ms, signal) => {
      await end()
      await pause(ms, signal).finally(async () => {
        lock = await turn('shared')
        isAlone = false
      })
    },
  }
}
