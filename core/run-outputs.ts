import type { Json } from './json.ts'
import { pointerOf, type Problem } from './problems.ts'
import { fill, readsOutputs, scopeOf, templatesIn } from './resolve.ts'
import { outputsOf, type Run } from './run.ts'
import type { Site, StepPlace } from './site.ts'
import { soundReferences } from './step-references.ts'
import { problemAt, type Block, type DraftStep } from './workflow.ts'

/** Checks the outputs of a workflow: they may read all steps. */
export function checkOutputs(site: Site, problems: Problem[]): void {
  const { templates, mistakes } = templatesIn(site.draft.outputs)
  const tell = (path: readonly PropertyKey[], message: string, hint?: Problem['hint']): void =>
    void problems.push(problemAt(site.draft.source, `/outputs${pointerOf(path)}`, message, hint))
  for (const { path, message } of mistakes) tell(path, message)
  for (const { path, template } of templates)
    soundReferences(site, behind(site), template, `/outputs${pointerOf(path)}`, (...wrong) => tell(path, ...wrong))
}

/** Stands behind all steps. */
function behind({ draft }: Site): StepPlace {
  const step: DraftStep = { pointer: '/outputs', id: 'outputs', uses: '', with: {}, flow: {} }
  const around = { forEach: undefined, if: undefined, defaults: {}, finally: true }
  const block: Block = { pointer: '/outputs', isRepeated: false, ...around, steps: [step] }
  return { block, step, order: draft.blocks.reduce((sum, { steps }) => sum + steps.length, 0) }
}

/**
 * Gives what a run gives: the outputs of its workflow that can be told by now, with markers in place of secrets. What reads a
 * step that does not hold (it was skipped, say) is left out.
 */
export function outputsOfRun(run: Run): { readonly [name: string]: Json } {
  const { outputs = {}, inputs, facts } = run.started
  const scope = scopeOf({ inputs, facts, outputs: outputsOf(run) })
  return Object.fromEntries(
    Object.entries(outputs).flatMap(([name, tree]) => {
      if (readsOutputs(tree).some((id) => run.steps.get(id)?.outputs === undefined)) return []
      const { value, mistakes } = fill(tree, templatesIn(tree).templates, scope)
      return mistakes.length > 0 ? [] : [[name, value] as const]
    }),
  )
}
