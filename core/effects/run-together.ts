import { show, succeeded, type Command, type Output } from '../command.ts'
import type { Failure } from '../events.ts'
import { runJoined } from '../joined.ts'
import type { Ports } from '../ports.ts'
import { failureOfCommand, saysGone } from '../tools.ts'
import { turns } from '../turns.ts'
import { goOn } from '../wait.ts'
import { groupsOf, type Group, type Item, type Work } from './schedule.ts'

/** What came of a step's commands: the failure of the first that failed, and what the last that went well printed. */
export interface Attempted {
  readonly failure?: Failure
  /** All that failed says that the thing is not there. */
  readonly isGone?: boolean
  readonly said?: Pick<Failure, 'command' | 'output'>
  /** How many of its commands went well. */
  readonly succeeded: number
}

/** What came of the commands of several steps; a step of which none was begun is not in it. */
export type Ran = ReadonlyMap<string, Attempted>

/** So many processes at once, at most. */
const AT_ONCE = 12

/**
 * Runs the commands of steps, as many as possible at once and by one process. Up to the first failure, what waits for
 * nothing that failed may run with it; up to the end, every command runs, whatever became of others.
 *
 * @throws Interrupted when what was running has ended
 */
export async function runTogether(ports: Ports, works: readonly Work[], upTo: 'first failure' | 'end'): Promise<Ran> {
  const ran = new Map<string, Attempted>()
  const turn = turns(AT_ONCE)
  const isStopped = (): boolean =>
    ports.signal.aborted || (upTo === 'first failure' && [...ran.values()].some(({ failure }) => failure))
  const done = new Map<Group, Promise<void>>()
  const run = async ({ items, after }: Group): Promise<void> => {
    await Promise.all([...after].map((group) => done.get(group)))
    await turn(async () => {
      if (isStopped()) return
      ports.progress({ doing: 'run', ...items[0]! })
      const [outputs = []] = await runJoined(ports.exec, [items.map(({ command }) => command)], upTo)
      for (const [at, output] of outputs.entries()) note(ran, items[at]!, output)
    })
  }
  for (const group of groupsOf(works)) done.set(group, run(group))
  await Promise.all(done.values())
  goOn(ports.signal)
  return ran
}

function note(ran: Map<string, Attempted>, { step, command }: Item, output: Output): void {
  const before = ran.get(step) ?? { succeeded: 0 }
  if (succeeded(command, output))
    ran.set(step, { ...before, succeeded: before.succeeded + 1, ...saidBy(command, output) })
  else if (before.failure) ran.set(step, { ...before, isGone: before.isGone === true && saysGone(output) })
  else
    ran.set(step, {
      ...before,
      isGone: saysGone(output),
      failure: { ...failureOfCommand('its command', command, output), succeeded: before.succeeded },
    })
}

const saidBy = (command: Command, output: Output): Pick<Attempted, 'said'> =>
  output.stdout === '' && output.stderr === '' ? {} : { said: { command, output } }

/** Writes what is still to do. */
export const shown = (commands: readonly Command[]): string => commands.map(show).join('; ')
