import { withExamples, type Kit } from './kit.ts'

/** Defines the verbs that work in a little world of their own. */
export function defineSandboxes({ verb, act }: Kit): void {
  withExamples(
    verb('sandbox', 'run a command (a shell by default) in a private little world')
      .argument('[COMMAND...]')
      .passThroughOptions()
      .action(act(async (_, command) => (await import('../verbs/sandbox.ts')).sandbox(command.args))),
    'nsnet sandbox',
    'nsnet sandbox -- ip address show',
  )
  verb('tour', 'show in a sandbox what nsnet does: run, undo, and the proof that nothing is left').action(
    act(async (terminal) => (await import('../verbs/tour.ts')).tour(terminal)),
  )
}
