import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `qdisc`. */
export const qdiscDocs: StepDocs = {
  details:
    'It stands at the root of what leaves the link; what comes in is not touched. Each kind has its own fields, and of those ' +
    'that are not given the kernel chooses.\n\n' +
    'It takes the place of the one that the kernel has put there by itself, which comes back at undo. One that somebody else ' +
    'has set up satisfies the step when it is of that kind and has what is asked for (within the rounding of the kernel and ' +
    'of tc), else fails it. Not every kernel has every kind.',
  examples: [
    {
      id: 'slow',
      uses: 'qdisc',
      name: 'Packets leave at 10 Mbit/s',
      with: { link: 'veth-host', kind: 'tbf', rate: '10mbit', burst: '32kb', latency: '400ms' },
    },
    {
      id: 'bad-line',
      uses: 'qdisc',
      name: 'Far away, over a line that loses packets',
      with: {
        netns: 'ns1',
        link: 'veth-ns',
        kind: 'netem',
        delay: '100ms',
        jitter: '10ms',
        loss: 1.5,
        duplicate: 0.5,
        corrupt: 0.1,
      },
    },
    {
      id: 'fair',
      uses: 'qdisc',
      name: 'Short queues, shared fairly',
      with: { link: 'enp1s0', kind: 'fq_codel', target: '5ms', interval: '100ms', limit: 1000 },
    },
  ],
  manual: ['tc(8)', 'tc-tbf(8)', 'tc-netem(8)', 'tc-fq_codel(8)', 'tc-sfq(8)', 'tc-bfifo(8)'],
}
