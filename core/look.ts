import { netnsOf, show, succeeded, type Command, type Exec, type Output } from './command.ts'
import type { Failure } from './events.ts'
import { listNetns, parseNetns } from './netns-files.ts'
import { inWords, StepBroken } from './guard.ts'
import { askJoined } from './joined.ts'
import type { Json } from './json.ts'
import { netnsIn as netnsOfKey, type NetnsId } from './resource.ts'
import { probesOf, type Context, type Step } from './step.ts'
import { failureOfCommand, missingProgram } from './tools.ts'

/** What identifies each named netns. */
export type NetnsIds = { readonly [name: string]: NetnsId }

/** A probe that failed or cannot be understood: nsnet could not look, which is not the same as seeing nothing. */
export class CouldNotLook extends Error {
  readonly failure: Failure

  constructor(command: Command, output: Output, error?: unknown) {
    super(`could not look: ${show(command)}`)
    this.failure = failureOfCommand('could not look at what is there: the command', command, output)
    if (error === undefined) return
    const why = error instanceof StepBroken ? inWords(error.cause) : inWords(error)
    this.failure = { ...this.failure, message: `could not make sense of what the command printed (${why})` }
    if (error instanceof StepBroken && error.hint !== undefined) this.failure = { ...this.failure, hint: error.hint }
  }
}

/** One look at the kernel: equal probes are run once, and those that are asked for at the same time run together. */
export interface Look {
  /** The named netns that are there. @throws CouldNotLook */
  readonly netns: () => Promise<NetnsIds>
  /**
   * A step's state. A probe in one of the netns that are `absent` is not run, nor one in a netns that the step makes and that
   * is not there; it sees nothing. @throws CouldNotLook
   */
  readonly observe: <I>(step: Step<I>, input: I, context: Context, absent: ReadonlySet<string>) => Promise<Json>
}

/** Opens a look; what it has seen does not change any more. */
export function lookWith(exec: Exec): Look {
  const ask = asking(exec)
  let there: Promise<NetnsIds> | undefined
  const netns = (): Promise<NetnsIds> => (there ??= ask(listNetns).then((output) => netnsIn(output)))
  return {
    netns,
    observe: async (step, input, context, absent) => {
      const probes = probesOf(step, input, context)
      const made = (step.resources(input).creates ?? []).flatMap(netnsOfKey)
      const found = made.length === 0 ? {} : await netns()
      const away = new Set([...absent, ...made.filter((name) => !(name in found))])
      const unseen = (probe: Command): boolean => away.has(netnsOf(probe) ?? '')
      const asked = await Promise.all(probes.map((probe) => (unseen(probe) ? nothingSeen : ask(probe))))
      const state = understood(probes, asked, (outputs) =>
        step.observe(outputs[0] ?? nothingSeen, input, { ...context, outputs }),
      )
      return JSON.parse(JSON.stringify(state)) as Json
    },
  }
}

const netnsIn = (output: Output): NetnsIds =>
  understood([listNetns], [output], ([listed]) => parseNetns(listed!.stdout))

type Ask = (command: Command) => Promise<Output>

/** Gathers what is asked for in one go, and asks it together. */
function asking(exec: Exec): Ask {
  const seen = new Map<string, Promise<Output>>()
  let waiting: Waiting[] = []
  const flush = (): void => {
    const asked = waiting
    waiting = []
    const answers = askJoined(
      exec,
      asked.map(({ command }) => command),
    )
    for (const [at, { command, answer }] of asked.entries())
      answer(answers[at]!.then((output) => expectSight(command, output)))
  }
  return (command) => {
    const key = JSON.stringify(command)
    const known = seen.get(key)
    if (known) return known
    if (waiting.length === 0) setImmediate(flush)
    const answer = new Promise<Output>((resolve) => waiting.push({ command, answer: resolve }))
    seen.set(key, answer)
    return answer
  }
}

/** A probe whose answer somebody waits for. */
interface Waiting {
  readonly command: Command
  readonly answer: (output: Promise<Output>) => void
}

/** Gives an answer from which something can be seen. @throws CouldNotLook */
function expectSight(command: Command, output: Output): Output {
  if (!succeeded(command, output) || missingProgram(output) !== undefined) throw new CouldNotLook(command, output)
  if (output.exitCode === 0 && output.stdout === '' && neverSilent(command))
    throw new CouldNotLook(command, output, new Error('expected a list in JSON, got nothing'))
  return output
}

/** Every netns has a link, so that `ip -json link show` and `… address show` always print something. @see ip(8) */
const neverSilent = ({ argv }: Command): boolean =>
  argv[0] === 'ip' && argv.includes('-json') && argv.some((word) => /^(link|addr|address)$/.test(word))

/** Reads the answers. @throws CouldNotLook that blames the probe without whose answer they can be read */
function understood<T>(
  probes: readonly Command[],
  outputs: readonly Output[],
  read: (outputs: readonly Output[]) => T,
): T {
  const attempt = (answers: readonly Output[]): { readonly read: T } | { readonly error: unknown } => {
    try {
      return { read: read(answers) }
    } catch (error) {
      return { error }
    }
  }
  const result = attempt(outputs)
  if ('read' in result) return result.read
  const at = outputs.findIndex((_, without) => 'read' in attempt(outputs.with(without, nothingSeen)))
  const probe = probes[Math.max(0, at)]
  throw probe ? new CouldNotLook(probe, outputs[Math.max(0, at)]!, result.error) : result.error
}

const nothingSeen: Output = { stdout: '', stderr: '', exitCode: 0, timedOut: false, durationMs: 0 }
