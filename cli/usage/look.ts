import { Option } from 'commander'
import { aRun, setFile, trace, withExamples, withInputs, type Verbs } from './kit.ts'

/** The verbs that look and change nothing. */
export const looks: Verbs = {
  plan: ({ verb, act }) =>
    withExamples(
      withInputs(verb('plan', 'what run would do, step by step; changes nothing').argument('<FILE>'))
        .option('--detailed-exitcode', 'exit code 2 when there is something to do')
        .option('--id <ID>', 'the id of the run that is planned: 3 to 32 small letters and digits')
        .option('--sandbox', 'in a private little world; needs no root')
        .action(
          act(async (terminal, command) =>
            (await import('../verbs/plan.ts')).plan(terminal, command.args[0]!, command.opts()),
          ),
        ),
      'nsnet plan workflows/internet.json --sandbox',
      'nsnet plan lab.json -v',
    ),
  verify: ({ verb, act }) =>
    withExamples(
      verb('verify', 'whether a run still holds; exit code 2 when others changed something, or it is not whole')
        .argument('[RUN]', `${aRun}; without it the latest that has something to undo`)
        .option('-w, --watch', 'look again and again, until Ctrl-C')
        .option('--every <SECONDS>', `between two looks of --watch; ${everySeconds} by default`, everySeconds)
        .option(...setFile)
        .action(
          act(async (terminal, command) =>
            (await import('../verbs/verify.ts')).verify(terminal, command.args[0], command.opts()),
          ),
        ),
      'nsnet verify',
      'nsnet verify last --watch --every 10',
    ),
  list: ({ verb, act }) =>
    withExamples(
      verb('list', 'all runs, the latest first').action(
        act(async (terminal) => (await import('../verbs/list.ts')).list(terminal)),
      ),
      'nsnet list',
      'nsnet list --json | jq .[0].id',
    ),
  show: ({ verb, act }) =>
    withExamples(
      verb('show', 'where a run stands, step by step; -v for all about its steps')
        .argument('[RUN]', aRun, 'last')
        .option('--step <ID>', 'only this step, and all that is known of it')
        .option('--at <SEQ>', 'as it was after this event; nsnet log lists them')
        .action(
          act(async (terminal, command) =>
            (await import('../verbs/show.ts')).show(terminal, command.processedArgs[0] as string, command.opts()),
          ),
        ),
      'nsnet show',
      'nsnet show last --step nat',
      'nsnet show k7 --at 12',
    ),
  log: ({ verb, act }) =>
    withExamples(
      verb('log', 'the events of a run; -v for all that they hold')
        .argument('[RUN]', aRun, 'last')
        .option('-f, --follow', 'go on until the run stands still', false)
        .option(...trace)
        .action(
          act(async (terminal, command) =>
            (await import('../verbs/log.ts')).log(terminal, command.processedArgs[0] as string, command.opts()),
          ),
        ),
      'nsnet log',
      'nsnet log last -f',
      'nsnet log k7 --json | jq .event.type',
    ),
  exec: ({ verb, act }) =>
    withExamples(
      verb('exec', 'run a command (a shell by default) in a netns, or in the netns of a run')
        .argument('<WHERE>', `a netns, ${aRun}, or RUN/NETNS`)
        .argument('[COMMAND...]')
        .passThroughOptions()
        .action(
          act(async (terminal, command) =>
            (await import('../verbs/exec.ts')).execute(terminal, command.args[0]!, command.args.slice(1)),
          ),
        ),
      'nsnet exec blue -- ip address',
      'nsnet exec last',
    ),
  graph: ({ verb, act }) =>
    withExamples(
      withInputs(verb('graph', 'draw the network of a workflow file or of a run').argument('<FILE|RUN>', graphed))
        .addOption(
          new Option('--format <FORMAT>', 'text by default').choices(['text', 'svg', 'dot', 'mermaid', 'json']),
        )
        .option('--ascii', 'text without line-drawing characters')
        .option('--no-verify', 'a run as its journal has it, without a look at the kernel')
        .action(
          act(async (terminal, command) =>
            (await import('../verbs/graph.ts')).graph(terminal, command.args[0]!, command.opts()),
          ),
        ),
      'nsnet graph workflows/internet.json',
      'nsnet graph last --format svg > lab.svg',
    ),
  fingerprint: ({ verb, act }) =>
    withExamples(
      verb('fingerprint', 'the whole network state as JSON, without counters: two equal states print the same')
        .option('--netns <NAME>', 'only of this netns')
        .option(
          '--compare <FILE>',
          'say where it differs from the one in a file ("-" reads it from stdin); exit code 2',
        )
        .action(
          act(async (terminal, command) =>
            (await import('../verbs/fingerprint.ts')).showFingerprint(terminal, command.opts()),
          ),
        ),
      'nsnet fingerprint > before.json',
      'nsnet fingerprint --compare before.json',
    ),
}

const everySeconds = '2'

const graphed = `a workflow file, or ${aRun}`
