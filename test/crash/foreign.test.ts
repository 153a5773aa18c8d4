import { expect, test } from 'vitest'
import { cable, commands, hasPython, programs, small } from '../support/foreign.ts'
import { sandboxed } from '../support/sandbox.ts'
import { faultsOf, stageOf } from './trial.ts'

const { workflowOf } = programs()

const all = process.env['NSNET_CRASH'] !== undefined

test.skipIf(!hasPython)(
  'commands of a workflow and steps in Python, killed at their boundaries, are resumed and undone exactly',
  { timeout: 3_600_000 },
  async () => {
    const steps = [...cable, ...commands, ...small, { id: 'up', uses: 'link', with: { link: 'a0', state: 'up' } }]
    const stage = await stageOf(await sandboxed(), workflowOf('foreign', 'mtu.py', ...steps))
    const ofCommands = /^(inside|after) ip .*(txqueuelen|alias)/
    const { run, undo } = stage.boundaries
    expect(run.filter((boundary) => ofCommands.test(boundary))).toHaveLength(4)
    const trials = (['run', 'undo'] as const).flatMap((verb) =>
      stage.boundaries[verb].map((boundary, at) => ({ verb, boundary, killAt: at + 1 })),
    )
    expect(trials.length).toBe(run.length + undo.length)
    const tried = trials.filter(({ boundary }, at) => all || ofCommands.test(boundary) || at % 12 === 0)
    for (const [at, { verb, boundary, killAt }] of tried.entries()) {
      const acts = verb === 'run' ? [{ verb, killAt }] : [{ verb: 'run' as const }, { verb, killAt }]
      const then = at % 2 === 0 ? 'resume' : 'undo'
      expect({ verb, boundary, then, faults: await faultsOf(stage, acts, then) }).toMatchObject({
        boundary,
        faults: [],
      })
    }
  },
)
