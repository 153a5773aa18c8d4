import { apply } from './effects/apply.ts'
import { plan } from './effects/plan.ts'
import { takeBack } from './effects/take-back.ts'
import { asItIs, undo } from './effects/undo.ts'
import type { RunEvent } from './events.ts'
import { hiddenEvent } from './hidden-event.ts'
import { evolve, type Effect, type Moment } from './machine.ts'
import type { Ports } from './ports.ts'
import type { Run } from './run.ts'
import { wasHit } from './tools.ts'
import { goOn, Interrupted } from './wait.ts'

/**
 * Appends an event, performs the effects that follow from it, appends what comes of them, and so on until nothing
 * follows. Gives the moment at which the run stands still.
 *
 * When `ports.signal` aborts, the running command is finished, `RunInterrupted` is journaled, and the run stands still.
 */
export async function drive(ports: Ports, moment: Moment, first?: RunEvent): Promise<Moment> {
  let now = first ? await record(ports, moment, first) : moment
  for (let [effect] = now.effects; effect; [effect] = now.effects) {
    now = await record(ports, now, await perform(ports, now, effect))
  }
  return now
}

async function record(ports: Ports, moment: Moment, event: RunEvent): Promise<Moment> {
  const hidden = hiddenEvent(event, ports.secrets)
  await ports.append([hidden])
  return evolve(moment, hidden)
}

async function perform(ports: Ports, { run }: Moment, { type, index }: Effect): Promise<RunEvent> {
  const step = run.started.steps[index]!.id
  const interrupted = (): RunEvent => ({ type: 'RunInterrupted', signal: String(ports.signal.reason) })
  try {
    goOn(ports.signal)
    ports.progress({ doing: type, step })
    const event = await effects[type](ports, run, step)
    // a step whose command the signal has hit too is neither done nor failed
    const hit = 'failure' in event && event.failure.output !== undefined && wasHit(event.failure.output)
    return ports.signal.aborted && hit ? interrupted() : event
  } catch (error) {
    if (error instanceof Interrupted) return interrupted()
    throw error
  }
}

const effects = {
  plan,
  apply,
  undo: (ports: Ports, run: Run, step: string) => undo(ports, run, step, asItIs),
  takeBack,
}
