import { allOf } from './all-of.ts'
import type { Command, Exec, Output } from './command.ts'
import { batchLine, runBatch } from './join-ip.ts'
import { loadOf, runLoads } from './join-load.ts'
import { ask, groupsOf, keyOf } from './join-probes.ts'
import { runRemovals } from './join-removals.ts'
import { settingOf, runSettings } from './join-sysctl.ts'
import { oneByOne, type UpTo } from './outcome.ts'
import { turns } from './turns.ts'

/** So many processes at once: somewhat more than there are helpers, so that none of them waits for work. @see Crew */
const AT_ONCE = 12

/**
 * Runs groups of commands, all groups at the same time, for they are independent of each other. The commands of a group
 * have one lane (see `laneOf`) and are joined into few processes; they take effect in their order.
 *
 * Gives the outputs of the commands of each group, in their order. Up to the first failure, those behind a failed command
 * are not run and have none. A process that is ended from outside gives its failure to the first command that it may not
 * have done, and those behind it are not tried again; with `end`, they get the same failure.
 */
export async function runJoined(
  exec: Exec,
  groups: readonly (readonly Command[])[],
  upTo: UpTo,
): Promise<readonly (readonly Output[])[]> {
  return await allOf(groups, AT_ONCE, async (group) => {
    const [first] = group
    if (first === undefined || group.length === 1) return await oneByOne(exec, group, upTo)
    if (batchLine(first)) return upTo === 'end' ? await runRemovals(exec, group) : await runBatch(exec, group, upTo)
    const run = loadOf(first) ? runLoads : settingOf(first) ? runSettings : oneByOne
    return await run(exec, group, upTo)
  })
}

/**
 * Asks probes, which look and change nothing: equal ones once, all at the same time, and those by one process that it can
 * answer together. Gives an output for each as soon as it is there: what the first have answered can be read meanwhile.
 */
export function askJoined(exec: Exec, probes: readonly Command[]): readonly Promise<Output>[] {
  const turn = turns(AT_ONCE)
  const groups = groupsOf([...new Map(probes.map((probe) => [keyOf(probe), probe])).values()])
  const byKey = new Map(
    groups.flatMap((group) => {
      const answers = turn(() => ask(exec, group))
      return group.map((probe, nth) => [keyOf(probe), answers.then((all) => all[nth]!)] as const)
    }),
  )
  return probes.map((probe) => byKey.get(keyOf(probe))!)
}
