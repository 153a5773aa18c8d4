import { setTimeout } from 'node:timers/promises'

/** Somebody asked nsnet to stop; what runs is finished, what follows is not begun. */
export class Interrupted extends Error {}

/** Stops here when somebody asked to. @throws Interrupted */
export function goOn(signal: AbortSignal): void {
  if (signal.aborted) throw new Interrupted()
}

/** Waits, but not once somebody asked to stop. @throws Interrupted */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => goOn(signal))
}

/**
 * Looks again and again until `done` says yes, at growing distances from 5 to 100 ms, for at most `forMs`. Gives the last
 * look, whether it satisfied or not: what the kernel does in the background takes a moment to be seen.
 */
export async function settle<T>(look: () => Promise<T>, done: (seen: T) => boolean, forMs: number): Promise<T> {
  const deadline = performance.now() + forMs
  for (let distance = 5; ; distance = Math.min(100, distance * 2)) {
    const seen = await look()
    if (done(seen) || performance.now() > deadline) return seen
    await setTimeout(distance)
  }
}
