/** What one round of one contestant gave, by the name of what was measured: milliseconds, MB or a rate. */
export type Measures = { readonly [what: string]: number }

/** Somebody who does the job. */
export interface Contestant {
  readonly name: string
  /** Why it cannot take part: what to install. */
  readonly missing?: string | undefined
  /** Rounds it takes part in at most; all when absent. */
  readonly atMost?: number
  /** Does the job once, and proves that it was done. */
  readonly round: () => Measures | Promise<Measures>
}

/** How long a contest goes on. */
export interface Length {
  readonly rounds: number
  /** Rounds before the first that counts. */
  readonly warmUp: number
  /** Milliseconds after which a contestant takes part in no more rounds; it is in one at least. */
  readonly patienceMs: number
}

/** What a contestant gave in each round: undefined where it took no part. */
export interface Result {
  readonly name: string
  readonly rounds: readonly (Measures | undefined)[]
  readonly leftOut?: string | undefined
}

/**
 * Lets contestants do the job in turn, round by round, each time somebody else first: what slows the machine down for a
 * while hits all of them. One that fails is out of the contest, and `cleanUp` takes away what it left.
 */
export async function contest(
  contestants: readonly Contestant[],
  { rounds, warmUp, patienceMs }: Length,
  cleanUp: () => void,
): Promise<readonly Result[]> {
  const players = contestants.map((contestant) => ({ ...contestant, usedMs: 0, done: [] as (Measures | undefined)[] }))
  for (let round = -warmUp; round < rounds; round += 1) {
    for (const player of turned(players, round + warmUp)) {
      const late = player.usedMs > patienceMs || round >= (player.atMost ?? rounds)
      const began = performance.now()
      const measures = player.missing === undefined && !late ? await tried(player, cleanUp) : undefined
      player.usedMs += performance.now() - began
      if (round >= 0) player.done.push(measures)
    }
  }
  return players.map(({ name, done, missing }) => ({ name, rounds: done, leftOut: missing }))
}

const turned = <T>(list: readonly T[], by: number): readonly T[] => [
  ...list.slice(by % list.length),
  ...list.slice(0, by % list.length),
]

async function tried(player: { missing?: string | undefined } & Contestant, cleanUp: () => void) {
  try {
    return await player.round()
  } catch (error) {
    player.missing = `failed: ${(error as Error).message}`
    cleanUp()
    return undefined
  }
}
