import { netnsOf, programIn, type Command, type Exec, type Output } from './command.ts'
import { oneByOne, saidBy, type UpTo } from './outcome.ts'

/** A command that sets kernel parameters, apart. */
interface Setting {
  readonly lane: string
  readonly words: readonly string[]
  readonly values: readonly string[]
}

/** Takes `sysctl -q -w KEY=VALUE…` apart; undefined for other commands. @see sysctl(8) */
export function settingOf(command: Command): Setting | undefined {
  const [program, ...args] = programIn(command.argv)
  const at = args.findIndex((word) => !/^-[eqw]$/.test(word))
  const [options, values] = [args.slice(0, at), args.slice(at)]
  if (program !== 'sysctl' || command.stdin !== undefined || at === -1) return undefined
  if (!options.includes('-q') || !options.includes('-w') || !values.every((it) => /^[^-=][^=]*=/.test(it)))
    return undefined
  const words = command.argv.slice(0, command.argv.length - values.length)
  return { lane: JSON.stringify([netnsOf(command) ?? null, words]), words, values }
}

/**
 * Sets kernel parameters. sysctl(8) goes on behind one that fails, so it is only given all at once where that is wanted;
 * when any fails each is set again by itself, which tells which.
 */
export async function runSettings(exec: Exec, commands: readonly Command[], upTo: UpTo): Promise<readonly Output[]> {
  if (upTo === 'first failure' || commands.length === 1) return await oneByOne(exec, commands, upTo)
  const settings = commands.map((command) => settingOf(command)!)
  const output = await exec({ argv: [...settings[0]!.words, ...settings.flatMap(({ values }) => values)] })
  if (output.exitCode === 0 && !output.timedOut) return commands.map(() => saidBy(output, commands.length))
  return await oneByOne(exec, commands, upTo)
}
