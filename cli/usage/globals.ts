import { Option } from 'commander'
import { NsnetError } from '../../core/errors.ts'
import { EVERY_COMMAND } from './help.ts'

/** Makes the options that every verb has. */
export const globalOptions = (): readonly Option[] =>
  [
    new Option('--state-dir <DIR>', 'where runs are kept'),
    new Option('--json', 'write JSON for programs'),
    new Option('--color <WHEN>', 'colour').choices(['auto', 'always', 'never']).default('auto'),
    new Option('-q, --quiet', 'only the result'),
    new Option('-v, --verbose', 'also every command, with exit code and duration'),
  ].map((option) => option.helpGroup(EVERY_COMMAND))

/**
 * Puts the options that every verb has behind the verb where they stand before it: `--json list` is `list --json`.
 *
 * @throws USAGE when no verb follows them
 */
export function verbFirst(args: readonly string[]): readonly string[] {
  const { options, rest } = leading(args)
  if (options.length === 0) return args
  const [verb] = rest
  if (verb !== undefined) return [verb, ...options, ...rest.slice(1)]
  throw new NsnetError('USAGE', `expected a verb behind ${options.join(' ')}, got nothing`, 'nsnet --help lists them')
}

/** Parts the options of every verb at the beginning of a command line from what follows. */
export function leading(args: readonly string[]): {
  readonly options: readonly string[]
  readonly rest: readonly string[]
} {
  const known = globalOptions()
  let at = 0
  for (let size = sizeOf(known, args[0]); size > 0; size = sizeOf(known, args[at])) at += size
  return { options: args.slice(0, at), rest: args.slice(at) }
}

/** Counts the words that an option of every verb takes, its value included; 0 when it is none. */
function sizeOf(known: readonly Option[], word = ''): number {
  const [flag, value] = word.split('=', 2)
  const option = known.find(({ long, short }) => long === flag || short === word)
  if (option) return option.required ? (value === undefined ? 2 : 1) : Number(value === undefined)
  const letters = /^-(\w{2,})$/.exec(word)?.[1] ?? ''
  return Number(letters !== '' && [...letters].every((it) => known.some(({ short }) => short === `-${it}`)))
}
