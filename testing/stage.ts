import type { Exec } from '../core/command.ts'
import { nsnetWith, type StageStep } from './nsnet.ts'

/** What stands before an example: a step that nsnet runs, or a command line for sh(1). */
export type Stage = readonly (StageStep | string)[]

/** Sets the stage, in its order. @throws when something of it fails */
export async function stageOf(exec: Exec, stage: Stage, plugin: string | undefined): Promise<void> {
  for (let at = 0; at < stage.length;) {
    const lines = taken(stage, at, (part) => typeof part === 'string')
    const steps = taken(stage, at, (part) => typeof part !== 'string')
    if (lines.length > 0) await ranLines(exec, lines)
    if (steps.length > 0) await ranSteps(exec, steps as readonly StageStep[], plugin)
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

async function ranSteps(exec: Exec, steps: readonly StageStep[], plugin: string | undefined): Promise<void> {
  const nsnet = await nsnetWith(exec, steps, plugin, [])
  const { exitCode, stderr } = await nsnet.act('run')
  if (exitCode !== 0) throw new Error(`cannot set the stage: ${stderr.trim()}`)
}
