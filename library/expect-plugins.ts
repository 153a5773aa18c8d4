import { NsnetError } from '../core/errors.ts'
import type { Run } from '../core/run.ts'
import type { RunRegistry } from './plugins.ts'

/**
 * Refuses to go on with steps whose plugin is gone or broken: they cannot be planned without it. Those that hold are not looked
 * at again, unless `all` are to be done anew.
 *
 * @throws PLUGIN_INVALID
 */
export function expectPlugins({ started, steps }: Run, registry: RunRegistry, all: boolean): void {
  const left = [...steps.values()].filter(({ status }) => all || !/^(applied|satisfied)$/.test(status))
  const step = left.find(({ spec }) => registry.stepOf(spec.uses) === undefined)
  if (!step) return
  const { id, uses } = step.spec
  const { plugins, run } = started
  const whys = registry.lacking.map(({ why }) => why)
  const why = whys.length > 0 ? whys.join('; ') : `none of ${plugins.join(', ') || 'no plugins'} has it any more`
  const message = `expected the step type "${uses}" of step ${id}: ${why}`
  const hint = `put it right, then: nsnet resume ${run}; or take back what there is: nsnet undo ${run}`
  throw new NsnetError('PLUGIN_INVALID', message, hint)
}
