import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `exec`. */
export const execDocs: StepDocs = {
  details:
    'Three commands: "probe" looks, "apply" makes it so, "undo" takes it back. Each is a list of words, or an object with ' +
    '"argv", "stdin", "okExits" and "timeout". No shell sees them, unless you name one: ["sh", "-c", "…"].\n\n' +
    'The probe is the verdict, as in all steps: it is asked before (when it holds already, nothing is done, and nothing is ' +
    'undone later), after "apply" (when it does not hold then, the step fails), and when the step is taken back (it is undone ' +
    'when the probe says what it said before). Its exit code 0 says that it holds, 1 (or another of its "okExits") that it ' +
    'does not; anything else fails the step. With "expect", what it prints counts too, and is put in the place of "@before" ' +
    'in "undo". A step without a probe is refused: what cannot be observed cannot be undone safely.\n\n' +
    'nsnet promises for it what it can see by the probe. The intent is journaled before "apply" begins, and "undo" is run when ' +
    'the probe no longer says what it said before, also after a kill. nsnet cannot see what the probe does not tell: side ' +
    'effects, or half of the work done while the probe still answers as before. So let "apply" be one that may be run twice, ' +
    'let "undo" bear that half of it is there, and let the probe tell the half-done apart (by an exit code of its own in ' +
    '"okExits"). Nor can nsnet tell your thing from another of the same name. Commands that change several things are better ' +
    'several steps. What a command leaves running goes on, and nobody reads what it prints: give it another stdout and ' +
    'stderr (">/dev/null 2>&1"), or the kernel may end it when it prints (SIGPIPE).\n\n' +
    'The step is planned and applied by itself, at its turn: "nsnet plan" says "later" behind steps that are to change ' +
    'something. What it makes, needs and shares is told by "creates", "uses" and "shares": by them runs keep what others ' +
    'need. A program is named as PATH finds it, or by its absolute path. It finds the environment of nsnet with LC_ALL=C, and ' +
    '"env". Secrets belong into "env" or "stdin": arguments can be read by every user of the machine.',
  examples: [
    {
      id: 'folder',
      uses: 'exec',
      name: 'A folder, by exit codes',
      with: { probe: ['test', '-d', '/run/lab'], apply: ['mkdir', '/run/lab'], undo: ['rmdir', '/run/lab'] },
    },
    {
      id: 'channels',
      uses: 'exec',
      name: 'The number of a link’s queues, and the old one back',
      with: {
        probe: ['cat', '/sys/class/net/enp1s0/tx_queue_len'],
        expect: '500',
        apply: ['ip', 'link', 'set', 'dev', 'enp1s0', 'txqueuelen', '500'],
        undo: ['ip', 'link', 'set', 'dev', 'enp1s0', 'txqueuelen', '@before'],
        uses: ['link:host/enp1s0'],
        timeout: 10,
      },
    },
    {
      id: 'table',
      uses: 'exec',
      name: 'Rules from a program of your own, in a netns',
      with: {
        netns: 'ns1',
        probe: { argv: ['nft', 'list', 'table', 'inet', 'lab'] },
        apply: { argv: ['/usr/local/bin/lab-rules', '--table', 'lab'], stdin: 'strict\n' },
        undo: { argv: ['nft', 'delete', 'table', 'inet', 'lab'] },
        env: { LAB_TOKEN: '…' },
        creates: ['table:ns1/inet/lab'],
      },
    },
  ],
  outputs: { stdout: 'what the probe printed last, without white space at the end' },
  manual: ['exec(3p)', 'env(1)', 'ip-netns(8)'],
}
