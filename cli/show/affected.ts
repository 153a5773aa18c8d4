import { dependantsOf, needOf } from '../../core/claims.ts'
import type { Moment } from '../../core/moment.ts'
import { registryOf } from '../../core/registry.ts'
import type { Store } from '../../journal/store.ts'
import { bootOf } from '../../library/facts.ts'

/** Another run that an undo would meet. */
export interface Affected {
  readonly run: string
  readonly workflow: string
  /** It works with what this run made, and has to be undone first; otherwise it needs these steps too, and they stay. */
  readonly steps: 'first' | readonly string[]
}

/** Finds the other runs that an undo of this one would meet, as their journals say it; plugins are not asked. */
export async function affectedBy({ claims }: Store, { run }: Moment): Promise<readonly Affected[]> {
  const { started } = run
  const open = [...run.steps.values()].flatMap(({ spec, open: ours }) => (ours ? [spec.id] : []))
  if (open.length === 0 || started.facts.boot !== bootOf()) return []
  const others = await claims(started)
  if (others.length === 0) return []
  const { stepOf } = registryOf((await import('../../library/builtin.ts')).builtinSteps)
  const first = dependantsOf(run, open, others)
  const needs = open.flatMap((id) => needOf(run, id, others, stepOf).runs.map((other) => [other, id] as const))
  const sharing = [...new Set(needs.map(([other]) => other))].filter((other) => !first.some((it) => it.run === other))
  const nameOf = (id: string): string => others.find((it) => it.started.run === id)!.started.workflow.name
  return [
    ...first.map((other) => ({ run: other.run, workflow: other.workflow.name, steps: 'first' as const })),
    ...sharing.map((other) => ({
      run: other,
      workflow: nameOf(other),
      steps: needs.filter(([it]) => it === other).map(([, id]) => id),
    })),
  ]
}
