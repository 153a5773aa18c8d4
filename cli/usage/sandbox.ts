import { withExamples, type Verbs } from './kit.ts'

/** The verbs that work in a little world of their own. */
export const sandboxes: Verbs = {
  sandbox: ({ verb, act }) =>
    withExamples(
      verb('sandbox', 'run a command (a shell by default) in a private little world')
        .argument('[COMMAND...]')
        .passThroughOptions()
        .action(act(async (_, command) => (await import('../verbs/sandbox.ts')).sandbox(command.args))),
      'nsnet sandbox',
      'nsnet sandbox -- ip address show',
    ),
  tour: ({ verb, act }) =>
    verb('tour', 'show in a sandbox what nsnet does: run, undo, and the proof that nothing is left').action(
      act(async (terminal) => (await import('../verbs/tour.ts')).tour(terminal)),
    ),
}
