import { Argument } from 'commander'
import { boot } from './boot.ts'
import { withExamples, type Verbs } from './kit.ts'

/** The verbs for the machine that nsnet works on: what it has, what is kept on it, how nsnet is at home there. */
export const machine: Verbs = {
  doctor: ({ verb, act }) =>
    withExamples(
      verb('doctor', 'what this machine lacks for nsnet, and how to mend it; -v for how it was seen').action(
        act(async (terminal) => (await import('../verbs/doctor.ts')).doctor(terminal)),
      ),
      'nsnet doctor',
      'nsnet doctor -q',
    ),
  prune: ({ verb, act }) =>
    withExamples(
      verb('prune', 'delete the journals of runs that are over, never of one that still owns something')
        .option('--older-than <AGE>', 'those without an event for so long: 90m, 12h, 30d, 4w; 30d by default')
        .option('--keep <COUNT>', 'but keep so many of the latest (without --older-than, of any age)')
        .option('--dry-run', 'only say what would be deleted', false)
        .action(act(async (terminal, command) => (await import('../verbs/prune.ts')).prune(terminal, command.opts()))),
      'nsnet prune --dry-run',
      'nsnet prune --older-than 1w --keep 10',
    ),
  ...boot,
  completion: ({ verb, act }) =>
    verb('completion', 'write the script by which a shell completes verbs, options, runs, files and steps')
      .addArgument(new Argument('<SHELL>', 'which shell').choices(['bash', 'zsh', 'fish']))
      .addHelpText('after', completionHelp)
      .action(
        act(async (terminal, command) =>
          (await import('../verbs/completion.ts')).completion(terminal, command.args[0]!),
        ),
      ),
}

const completionHelp = `
Try it in this shell:
  source <(nsnet completion bash)
  source <(nsnet completion zsh)
  nsnet completion fish | source

For good, add that line to ~/.bashrc, to ~/.zshrc (behind compinit), or to
~/.config/fish/config.fish; behind the alias, if nsnet is one.

It asks the nsnet that wrote it, so it works for an alias and for "node
dist/nsnet.js" too. Another name in bash: complete -F _nsnet NAME; in zsh:
compdef _nsnet NAME; in fish: complete -c NAME -w nsnet
`
