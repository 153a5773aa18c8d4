import { availableParallelism } from 'node:os'

/** So many sandboxes at once, at most: twice as many as there are cores, since much of a trial is waiting for the kernel. */
const AT_ONCE = 2 * availableParallelism()

const waiting: (() => void)[] = []
let free = AT_ONCE

/** Does a work when it is its turn; works begin in the order in which they came. */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
  else free -= 1
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next) next()
    else free += 1
  }
}
