/** A seed for numbers that look random: `NSNET_TEST_SEED`, to play a failure again, or the time. */
export const seedOfToday = (): number => Number(process.env['NSNET_TEST_SEED'] ?? Date.now() % 1_000_000)

/** Makes a source of numbers from 0 to 1 that are always the same for a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
