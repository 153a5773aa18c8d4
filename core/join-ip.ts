import { HOST_NETNS, type Command, type Exec, type Output } from './command.ts'
import { partOf, wasCutOff, type UpTo } from './outcome.ts'
import { batchWord } from './words.ts'

/** A command of `ip` as a line of a batch. */
interface BatchLine {
  readonly lane: string
  /** The program, its netns and its options. */
  readonly words: readonly string[]
  readonly line: string
}

/** Takes a change by `ip` apart; undefined for other commands, and for words that a batch cannot carry. @see ip(8) */
export function batchLine({ argv, stdin }: Command): BatchLine | undefined {
  if (argv[0] !== 'ip' || stdin !== undefined || argv.length > MOST_WORDS) return undefined
  const at = objectAt(argv, CHANGING_OPTION)
  const [object = '', verb = ''] = argv.slice(at)
  const changes = CHANGES.test(verb) && (OBJECT.test(object) || (object === 'netns' && at === 1 && NAMING.test(verb)))
  const line = argv.slice(at).map(batchWord)
  // it stands for a path only among the words of a command
  if (!changes || line.includes(undefined) || argv.includes(HOST_NETNS)) return undefined
  const words = argv.slice(0, at)
  return { lane: words.join(' '), words, line: line.join(' ') }
}

/** Finds the word behind the netns and the options of a command of `ip`. */
export function objectAt(argv: readonly string[], option: RegExp): number {
  let at = argv[1] === '-n' ? 3 : 1
  while (option.test(argv[at] ?? '')) at += 1
  return at
}

const CHANGING_OPTION = /^-([46N]|details)$/
const OBJECT = /^(link|addr|address|route|rule|neigh|tuntap)$/
const CHANGES = /^(add|set|delete|del|replace|change|append|prepend)$/
const NAMING = /^(add|delete|del)$/

/** `ip` takes 511 words a line. */
const MOST_WORDS = 500

/**
 * Runs changes of one lane by one `ip -batch`, which does each line as it reads it. Its exit code and `Command failed -:N`
 * tell of failed lines; a word that is wrong, such as a master that is not there, ends it without another word. So behind
 * each command stands a line that prints something (12 µs): what is missing there did not come so far.
 */
export async function runBatch(exec: Exec, commands: readonly Command[], upTo: UpTo): Promise<readonly Output[]> {
  const outputs: Output[] = []
  while (outputs.length < commands.length) {
    const left = commands.slice(outputs.length)
    if (left.length === 1) outputs.push(await exec(left[0]!))
    else outputs.push(...told(await exec(batchOf(left, upTo)), left.length, upTo))
    if (upTo === 'first failure' && outputs.at(-1)!.exitCode !== 0) break
  }
  return outputs
}

/** A line that prints one that begins with a number, a colon and `lo`. */
const MARK = 'link show dev lo'
const PRINTED = /^\d+: lo[:@]/gm

function batchOf(commands: readonly Command[], upTo: UpTo): Command {
  const lines = commands.map((command) => batchLine(command)!)
  return {
    argv: [...lines[0]!.words, ...(upTo === 'end' ? ['-force'] : []), '-batch', '-'],
    stdin: lines.map(({ line }) => `${line}\n${MARK}\n`).join(''),
  }
}

/** Reads what became of the commands of a batch, up to and with the last that was run. */
function told(output: Output, count: number, upTo: UpTo): readonly Output[] {
  const { failed, unmarked, rest } = failuresIn(output.stderr)
  const success = partOf(output, count)
  // a loopback link with another name: its line fails, the command before it has not
  const whole = Math.min(count, (output.stdout.match(PRINTED)?.length ?? 0) + unmarked)
  const stopped = upTo === 'first failure' && (failed.size > 0 || unmarked > 0)
  const done = Math.max(whole, ...[...failed.keys()].map((at) => at + 1))
  const outputs = Array.from({ length: done }, (_, at) =>
    failed.has(at) ? { ...success, stderr: failed.get(at)!, exitCode: exitCodeOf(failed.get(at)!) } : success,
  )
  // a tool that does not do what it was told to has printed something else
  const stdout = done < count ? output.stdout : ''
  if (output.exitCode === 0 && !output.timedOut)
    return [...outputs.slice(0, -1), { ...success, stdout, stderr: output.stderr }]
  if (stopped || done === count) return outputs
  const { durationMs } = output.timedOut ? output : success
  const last = { ...output, stdout: '', stderr: rest, durationMs }
  return wasCutOff(output) && upTo === 'end'
    ? [...outputs, ...Array.from({ length: count - done }, () => last)]
    : [...outputs, last]
}

interface Failures {
  /** What was said of each command that failed. */
  readonly failed: ReadonlyMap<number, string>
  /** How many lines failed that only print. */
  readonly unmarked: number
  /** What was said behind that. */
  readonly rest: string
}

function failuresIn(stderr: string): Failures {
  const parts = stderr.split(/^Command failed -:(\d+)\n/m)
  const lines = Array.from(
    { length: (parts.length - 1) / 2 },
    (_, at) => [Number(parts[2 * at + 1]), parts[2 * at]!] as const,
  )
  const failed = lines.flatMap(([line, text]) => (line % 2 === 1 ? [[(line - 1) / 2, text] as const] : []))
  return { failed: new Map(failed), unmarked: lines.length - failed.length, rest: parts.at(-1)! }
}

/** A batch ends with 1 where `ip` by itself says 2 for what the kernel refuses. */
const exitCodeOf = (stderr: string): number => (/^(RTNETLINK answers|Error): /m.test(stderr) ? 2 : 1)
