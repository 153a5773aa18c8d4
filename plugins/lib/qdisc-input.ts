import { z } from 'zod'
import { choice } from '../../core/choice.ts'
import { linkName, netnsName } from '../../core/net.ts'

const KINDS = {
  tbf: 'token bucket: packets leave at "rate", "burst" bytes of them at once, and wait at most "latency"',
  netem: 'a bad line: delay, loss, duplicates, errors',
  fq_codel: 'fair queues, each kept short',
  sfq: 'fair queues',
  pfifo: 'one queue of at most "limit" packets',
  bfifo: 'one queue of at most "limit" bytes',
}

/** The kinds of qdisc that nsnet can make. */
export type Kind = keyof typeof KINDS

const measure = (units: { readonly [unit: string]: number }, most: number, expected: string) =>
  z
    .string()
    .regex(new RegExp(`^\\d{1,12}(\\.\\d{1,6})?(${Object.keys(units).join('|')})$`), `expected ${expected}`)
    .transform((text) => Math.round(Number.parseFloat(text) * units[text.replace(/^[\d.]+/, '')]!))
    .refine((value) => value >= 1 && value <= most, `expected ${expected}, and not as much or as little`)

const rate = measure({ bit: 1, kbit: 1e3, mbit: 1e6, gbit: 1e9 }, 1e12, 'a rate such as "10mbit"')
const time = measure({ us: 1, ms: 1e3, s: 1e6 }, 60e6, 'a time of at most 60 s, such as "50ms"')
const size = measure({ b: 1, kb: 1024, mb: 1024 * 1024 }, 1024 ** 3, 'a size such as "32kb"')

const percent = z.number().gt(0, 'expected a percentage above 0').max(100)

const shape = z.strictObject({
  netns: netnsName.optional(),
  link: linkName,
  kind: choice('kind of the queueing discipline', KINDS),
  rate: rate.optional().meta({
    description: 'tbf, netem: bits in a second, with bit, kbit, mbit or gbit (powers of 1000)',
    examples: ['10mbit'],
  }),
  burst: size.optional().meta({
    description:
      'tbf: bytes that may leave at once, with b, kb or mb (powers of 1024); at least the MTU, or nothing passes',
    examples: ['32kb'],
  }),
  latency: time.optional().meta({
    description: 'tbf: how long a packet may wait before it is dropped, with us, ms or s',
    default: '50ms',
    examples: ['400ms'],
  }),
  delay: time
    .optional()
    .meta({ description: 'netem: time that is added to each packet, with us, ms or s', examples: ['100ms'] }),
  jitter: time
    .optional()
    .meta({ description: 'netem: how far the delay varies, with us, ms or s', examples: ['10ms'] }),
  loss: percent.optional().meta({ description: 'netem: packets that are lost, in percent', examples: [1.5] }),
  duplicate: percent.optional().meta({ description: 'netem: packets that come twice, in percent', examples: [0.5] }),
  corrupt: percent.optional().meta({ description: 'netem: packets with a wrong bit, in percent', examples: [0.1] }),
  limit: z
    .int()
    .min(1)
    .max(0x7f_ff_ff_ff)
    .optional()
    .meta({
      description: 'not tbf: packets (bfifo: bytes) that wait at most; the kernel chooses without it',
      examples: [1000],
    }),
  target: time
    .optional()
    .meta({ description: 'fq_codel: wait that is acceptable, with us, ms or s', examples: ['5ms'] }),
  interval: time.optional().meta({
    description: 'fq_codel: time for which waits may be longer, with us, ms or s',
    examples: ['100ms'],
  }),
  perturb: z
    .int()
    .min(1)
    .max(3600)
    .optional()
    .meta({ description: 'sfq: seconds after which flows are spread anew', examples: [10] }),
})

/** What a qdisc step is asked for: rates in bits in a second, times in microseconds, sizes in bytes. */
export const qdiscInput = shape
  .superRefine((input, { addIssue }) => {
    const refuse = (path: string, message: string): void => addIssue({ code: 'custom', path: [path], message })
    for (const [field, value] of Object.entries(input)) {
      const ofOthers = value !== undefined && !COMMON.has(field) && !FIELDS[input.kind].includes(field)
      if (ofOthers) refuse(field, `expected no "${field}": ${input.kind} has ${listed(FIELDS[input.kind])}`)
    }
    if (input.kind === 'tbf')
      for (const field of ['rate', 'burst'] as const)
        if (input[field] === undefined) refuse(field, `expected "${field}": tbf cannot do without`)
    if (input.jitter !== undefined && input.delay === undefined) refuse('delay', 'expected "delay": "jitter" varies it')
    if (input.kind === 'netem' && FIELDS.netem.every((field) => input[field as keyof typeof input] === undefined))
      refuse('delay', `expected at least one of ${listed(FIELDS.netem)}`)
  })
  .transform((input) => (input.kind === 'tbf' ? { latency: 50_000, ...input } : input))

/** A qdisc step's input after validation. */
export type QdiscInput = z.output<typeof shape>

const COMMON: ReadonlySet<string> = new Set(['netns', 'link', 'kind'])

/** The fields of each kind, in the order of tc(8). */
export const FIELDS: { readonly [kind in Kind]: readonly string[] } = {
  tbf: ['rate', 'burst', 'latency'],
  netem: ['limit', 'delay', 'jitter', 'loss', 'duplicate', 'corrupt', 'rate'],
  fq_codel: ['limit', 'target', 'interval'],
  sfq: ['limit', 'perturb'],
  pfifo: ['limit'],
  bfifo: ['limit'],
}

const listed = (fields: readonly string[]): string => fields.map((field) => `"${field}"`).join(', ')
