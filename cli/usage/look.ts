import { setFile, withInputs, type Kit } from './kit.ts'

/** Defines the verbs that look and change nothing. */
export function defineLooks({ verb, act }: Kit): void {
  withInputs(verb('plan', 'what run would do, step by step; changes nothing').argument('<file>'))
    .option('--detailed-exitcode', 'exit code 2 when there is something to do')
    .option('--id <id>', 'the id of the run that is planned')
    .option('--sandbox', 'in a private little world; needs no root')
    .action(
      act(async (terminal, command) =>
        (await import('../verbs/plan.ts')).plan(terminal, command.args[0]!, command.opts()),
      ),
    )
  verb('verify', 'whether a run still holds; exit code 2 when others changed something')
    .argument('[run]')
    .option('-w, --watch', 'look again and again, until Ctrl-C')
    .option('--every <seconds>', 'between two looks of --watch', '2')
    .option(...setFile)
    .action(
      act(async (terminal, command) =>
        (await import('../verbs/verify.ts')).verify(terminal, command.args[0], command.opts()),
      ),
    )
  verb('list', 'all runs').action(act(async (terminal) => (await import('../verbs/list.ts')).list(terminal)))
  verb('show', 'where a run stands; -v for its commands')
    .argument('<run>')
    .action(act(async (terminal, command) => (await import('../verbs/show.ts')).show(terminal, command.args[0]!)))
  verb('log', 'the events of a run')
    .argument('<run>')
    .option('-f, --follow', 'go on until the run stands still', false)
    .action(
      act(async (terminal, command) =>
        (await import('../verbs/log.ts')).log(terminal, command.args[0]!, command.opts()),
      ),
    )
  verb('fingerprint', 'the whole network state as JSON, without counters: two equal states print the same')
    .option('--netns <name>', 'only of this netns')
    .option('--compare <file>', 'say where it differs from the one in a file ("-" reads it from stdin); exit code 2')
    .action(
      act(async (terminal, command) =>
        (await import('../verbs/fingerprint.ts')).showFingerprint(terminal, command.opts()),
      ),
    )
}
