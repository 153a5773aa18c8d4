import { NsnetError } from '../core/errors.ts'
import type { Run } from '../core/run.ts'
import { toType } from './advice.ts'
import type { RunRegistry } from '../library/plugins.ts'
import type { Terminal } from './terminal.ts'

/** Says which plugins of a run are gone or broken, and what that means: `instead`. */
export function tellOfLacking(terminal: Terminal, { lacking }: RunRegistry, instead: string): void {
  for (const { why } of lacking) terminal.tell(`  ${why}; ${instead}`)
}

/** What happens to the steps of a plugin that is gone when they are taken back. */
export const BY_JOURNAL = 'its steps go by the journal'

/**
 * Refuses to go on with steps whose plugin is gone or broken: they cannot be planned without it. Those that hold are not looked
 * at again, unless `all` are to be done anew.
 *
 * @throws PLUGIN_INVALID
 */
export function expectPlugins(terminal: Terminal, { started, steps }: Run, registry: RunRegistry, all: boolean): void {
  const left = [...steps.values()].filter(({ status }) => all || !/^(applied|satisfied)$/.test(status))
  const step = left.find(({ spec }) => registry.stepOf(spec.uses) === undefined)
  if (!step) return
  const { id, uses } = step.spec
  const { plugins, run } = started
  const whys = registry.lacking.map(({ why }) => why)
  const why = whys.length > 0 ? whys.join('; ') : `none of ${plugins.join(', ') || 'no plugins'} has it any more`
  const message = `expected the step type "${uses}" of step ${id}: ${why}`
  const hint = `put it right, then: ${toType(terminal.options, 'resume', run)}; or take back what there is: ${toType(terminal.options, 'undo', run)}`
  throw new NsnetError('PLUGIN_INVALID', message, hint)
}
