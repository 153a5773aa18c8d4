import { z } from 'zod'
import { inNetns, type Command } from '../../core/command.ts'
import { netnsName } from '../../core/net.ts'
import type { ResourceKey } from '../../core/resource.ts'

/** Stands in the way back for what the probe printed before the step. */
export const BEFORE = '@before'

const word = z.string().regex(/^[^\0]*$/, 'expected a text without the character NUL')

const program = word.regex(
  /^([^/=-][^/=]*|\/[^=]*)$/,
  'expected the name of a program or its absolute path (a run goes on from any folder), without "="',
)

const words = z
  .tuple([program], word, { error: 'expected a program and its arguments, as a list of texts' })
  .refine((argv) => argv.join('').length <= 100_000, 'expected at most 100,000 characters')

const seconds = z.number().min(0.1).max(3600)

const exits = z.array(z.int().min(0).max(255)).min(1)

const command = (what: string) =>
  z.union(
    [
      words,
      z.strictObject({
        argv: words,
        stdin: z.string().max(1_000_000).optional(),
        okExits: exits.optional(),
        timeout: seconds.optional(),
      }),
    ],
    { error: `expected ${what}: a list of words, or { "argv": […], "stdin": "…", "okExits": […], "timeout": … }` },
  )

/** Says whether the way back has a place for what the probe printed before. */
export const needsBefore = ({ undo }: { readonly undo: unknown }): boolean =>
  new RegExp(`${BEFORE}(\\s|\\\\[nrt])*"`).test(JSON.stringify(undo))

const key = z
  .string()
  .regex(/^[a-z][a-z0-9]*:[^\s\x00-\x1f\x7f]+$/, 'expected a key such as "netns:blue" or "link:host/eth0"')
  .transform((text) => text as ResourceKey)

const keys = (description: string, example: readonly string[]) =>
  z
    .array(key)
    .max(1000)
    .optional()
    .meta({ description, examples: [example] })

/** What the step `exec` is given: how to look, what to do, how to take it back. */
export const input = z
  .strictObject({
    netns: netnsName.optional(),
    probe: command('a command that tells whether it holds (what cannot be observed cannot be undone safely)').meta({
      description:
        'command that looks and changes nothing: exit code 0 says that it holds, another one of its "okExits" ([0, 1] unless ' +
        'given) that it does not; anything else, that it could not look',
      examples: [['test', '-e', '/run/lab'], { argv: ['lab', '--check'], okExits: [0, 3] }],
    }),
    expect: z
      .string()
      .max(65_536)
      .optional()
      .meta({
        description:
          'what the probe prints when it holds, without white space at the end; its exit code alone decides without it',
        examples: ['performance'],
      }),
    apply: command('a command that makes it so').meta({
      description:
        'command that makes it so; run again when nsnet was killed inside it, and the probe says that it does not hold',
      examples: [['mkdir', '/run/lab'], { argv: ['tee', '/run/a'], stdin: 'b', timeout: 5 }],
    }),
    undo: command('a command that takes it back').meta({
      description: `command that takes it back; with "expect" a word "${BEFORE}" (also behind "=", and as the whole stdin) stands for what the probe printed before`,
      examples: [['rmdir', '/run/lab'], { argv: ['tee', '/run/a'], stdin: BEFORE }],
    }),
    env: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), word, {
        error: ({ code }) => (code === 'invalid_key' ? 'expected the name of a variable' : undefined),
      })
      .optional()
      .meta({
        description: 'environment variables of all three; secrets may stand here',
        examples: [{ TOKEN: '${{ inputs.token }}' }],
      }),
    timeout: seconds
      .optional()
      .meta({ description: 'seconds after which each of the commands is ended; 30 without it', examples: [120] }),
    creates: keys('keys of what was not there before, and is made by the step', ['link:blue/tun0']),
    uses: keys('keys of what has to be there; what makes it is undone after this step', ['link:host/eth0']),
    shares: keys('keys of what is changed in place; it stays while another run shares it', [
      'sysctl:host/net.core.somaxconn',
    ]),
  })
  .refine(({ expect, undo }) => expect !== undefined || !needsBefore({ undo }), {
    error: `expected "expect" where "${BEFORE}" stands: without it, what the probe prints does not count`,
    path: ['undo'],
  })

/** What an exec step is given, after validation. */
export type Input = z.output<typeof input>

type Words = z.output<typeof words>

/** A command as the workflow has it, as the engine wants it. */
export function commandOf(
  { netns, env = {}, timeout }: Input,
  given: Input['apply'],
  okExits?: readonly number[],
): Command {
  const { argv, ...own } = Array.isArray(given) ? { argv: given as Words } : (given as Exclude<Input['apply'], Words>)
  const set = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const wellAt = own.okExits ?? okExits
  const limit = own.timeout ?? timeout
  return {
    argv: inNetns(netns, set.length === 0 ? argv : ['env', ...set, ...argv]),
    ...(own.stdin === undefined ? {} : { stdin: own.stdin }),
    ...(wellAt === undefined ? {} : { okExits: wellAt }),
    ...(limit === undefined ? {} : { timeoutMs: limit * 1000 }),
  }
}
