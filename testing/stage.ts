import type { Exec } from '../core/command.ts'
import type { Entry, RunEvent } from '../core/events.ts'
import type { Earlier } from '../core/step.ts'
import { nsnetWith, type StageStep } from './nsnet.ts'

/** What stands before an example: a step that nsnet runs, or a command line for sh(1). */
export type Stage = readonly (StageStep | string)[]

/** Called before steps of the stage are run; what it gives is called behind them, with those that made or changed something. */
export type Witness = () => Promise<(earlier: readonly Earlier[]) => Promise<void>>

/** Sets the stage, in its order. @throws when something of it fails */
export async function stageOf(exec: Exec, stage: Stage, plugin: string | undefined, witness: Witness): Promise<void> {
  for (let at = 0; at < stage.length;) {
    const lines = taken(stage, at, (part) => typeof part === 'string')
    const steps = taken(stage, at, (part) => typeof part !== 'string') as readonly StageStep[]
    if (lines.length > 0) await ranLines(exec, lines)
    if (steps.length > 0) {
      const then = await witness()
      await then(await ranSteps(exec, steps, plugin))
    }
    at += lines.length + steps.length
  }
}

function taken(stage: Stage, from: number, fits: (part: Stage[number]) => boolean): Stage {
  const end = stage.findIndex((part, at) => at >= from && !fits(part))
  return stage.slice(from, end === -1 ? stage.length : end)
}

async function ranLines(exec: Exec, lines: Stage): Promise<void> {
  const { exitCode, stderr } = await exec({ argv: ['sh', '-ec', lines.join('\n')] })
  if (exitCode !== 0)
    throw new Error(`cannot set the stage: exit code ${exitCode}: ${stderr.trim()}\n${lines.join('\n')}`)
}

/** Runs steps, and lays them out as those behind them see them. */
async function ranSteps(
  exec: Exec,
  steps: readonly StageStep[],
  plugin: string | undefined,
): Promise<readonly Earlier[]> {
  const nsnet = await nsnetWith(exec, steps, plugin, [])
  const { exitCode, stdout, stderr } = await nsnet.act('run --json')
  if (exitCode !== 0) throw new Error(`cannot set the stage: ${stderr.trim()}`)
  const lines = stdout.split('\n').filter((line) => line !== '')
  return earlierIn(lines.map((line) => (JSON.parse(line) as Entry).event))
}

function earlierIn(events: readonly RunEvent[]): readonly Earlier[] {
  const started = events.find((event) => event.type === 'RunStarted')!
  const uses = new Map(started.steps.map((spec) => [spec.id, spec.uses]))
  return events.flatMap((event) => {
    if (event.type !== 'StepPlanned') return []
    const { step, input, resources } = event
    return [{ run: started.run, step, facts: started.facts, uses: uses.get(step)!, input, resources }]
  })
}
