import { withInputs, type Kit } from './kit.ts'

/** Defines the verbs for workflow files. */
export function defineFiles({ verb, act }: Kit): void {
  withInputs(verb('validate', 'find all mistakes of a workflow file, change nothing').argument('<file>')).action(
    act(async (terminal, command) =>
      (await import('../verbs/validate.ts')).validate(terminal, command.args[0]!, command.opts()),
    ),
  )
}
