import { setTimeout } from 'node:timers/promises'
import { apply } from './effects/apply.ts'
import { afterFailures } from './effects/failed.ts'
import type { Performed } from './effects/performed.ts'
import { plan } from './effects/plan.ts'
import { takeBack } from './effects/take-back.ts'
import { undo } from './effects/undo.ts'
import type { RunEvent } from './events.ts'
import { hiddenEvent } from './hidden-event.ts'
import type { Look } from './look.ts'
import type { Effect } from './machine.ts'
import { evolveAll, type Moment } from './moment.ts'
import type { Ports } from './ports.ts'
import { wasHit } from './tools.ts'
import { goOn, Interrupted } from './wait.ts'

/**
 * Appends an event, performs the effects that follow from it, appends what comes of them, and so on until nothing
 * follows. Gives the moment at which the run stands still.
 *
 * When `ports.signal` aborts, the running commands are finished, `RunInterrupted` is journaled, and the run stands still.
 */
export async function drive(ports: Ports, moment: Moment, first?: RunEvent): Promise<Moment> {
  let now = first ? await record(ports, moment, [first]) : moment
  let look: Look | undefined
  for (let [effect] = now.effects; effect; [effect] = now.effects) {
    const done: Performed = await perform(ports, now, effect, look)
    look = done.look
    now = await record(ports, now, done.events)
  }
  return now
}

/** Journals events together, and folds them. */
async function record(ports: Ports, moment: Moment, events: readonly RunEvent[]): Promise<Moment> {
  const hidden = events.map((event) => hiddenEvent(event, ports.secrets))
  await ports.append(hidden)
  return evolveAll(moment, hidden)
}

/** `look` is what the effect before has seen behind its last command. */
async function perform(
  ports: Ports,
  moment: Moment,
  { type, index }: Effect,
  look: Look | undefined,
): Promise<Performed> {
  const interrupted = (): RunEvent => ({ type: 'RunInterrupted', signal: String(ports.signal.reason) })
  try {
    goOn(ports.signal)
    ports.progress({ doing: type, step: moment.run.started.steps[index]!.id })
    const done: Performed = await effects[type](ports, moment, look)
    const events = afterFailures(moment.run, done.events)
    // a step whose command the signal has hit too is neither done nor failed
    const left = events.filter((event) => !wasInterrupted(event))
    if (left.length < events.length && !ports.signal.aborted) await setTimeout(SIGNAL_MS)
    return ports.signal.aborted && left.length < events.length
      ? { events: [...left, interrupted()] }
      : { ...done, events }
  } catch (error) {
    if (error instanceof Interrupted) return { events: [interrupted()] }
    throw error
  }
}

/** How long a signal may take to reach nsnet, too, when it has reached a command, in milliseconds. */
const SIGNAL_MS = 50

const wasInterrupted = (event: RunEvent): boolean =>
  'failure' in event && event.failure.output !== undefined && wasHit(event.failure.output)

const effects = { plan, apply, undo, takeBack }
