import { programIn, type Command } from './command.ts'
import { batchWord, restoreWord } from './words.ts'

/**
 * Gives a command whose arguments hold a secret another form, in which the secret goes by stdin: every user of the machine
 * can list the arguments of a process. What env(1) is to set goes by the environment: that only its user can read.
 *
 * `ip` takes its words by `-batch -` (it ends with 1 instead of 2 then, and says `Command failed -:1` besides), `sysctl -w`
 * its values by `-p -`, iptables a rule by `iptables-restore --noflush`. The command stays as it is where the program cannot
 * take it: `ip` reads no word with a `#`, or with white space and both quotes; `ping` and others read nothing.
 *
 * @see ip(8), sysctl(8), iptables-restore(8)
 */
export function withoutSecretsInArgv(command: Command, holds: (text: string) => boolean): Hidden {
  if (!command.argv.some(holds)) return command
  const argv = programIn(command.argv)
  const before = command.argv.slice(0, command.argv.length - argv.length)
  if (argv[0] === 'env') return { ...command, ...byEnvironment(before, argv, holds) }
  if (command.stdin !== undefined) return command
  const other = byBatch(argv) ?? byLoad(argv) ?? byRestore(argv)
  return other ? { ...command, argv: [...before, ...other.argv], stdin: other.stdin } : command
}

/** A command, and what it finds in its environment beside what all find there. */
export interface Hidden extends Command {
  readonly env?: { readonly [name: string]: string }
}

function byEnvironment(
  before: readonly string[],
  [env, ...words]: readonly string[],
  holds: (text: string) => boolean,
) {
  const end = words.findIndex((word) => !word.includes('='))
  const hidden = words.slice(0, end).filter(holds)
  const entries = hidden.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] as const)
  const argv = [...before, env!, ...words.filter((word, at) => at >= end || !hidden.includes(word))]
  return { argv, env: Object.fromEntries(entries) }
}

interface ByStdin {
  readonly argv: readonly string[]
  readonly stdin: string
}

function byBatch([program, ...args]: readonly string[]): ByStdin | undefined {
  if (program !== 'ip') return undefined
  const at = args.findIndex((word, index) => !word.startsWith('-') && args[index - 1] !== '-n')
  const words = args.slice(at).map(batchWord)
  if (words.includes(undefined)) return undefined
  return { argv: [program, ...args.slice(0, at), '-batch', '-'], stdin: `${words.join(' ')}\n` }
}

/** Leaves alone what a file for sysctl would say otherwise: patterns in a key, white space around a value. */
function byLoad([program, ...args]: readonly string[]): ByStdin | undefined {
  if (program !== 'sysctl' || !args.includes('-w')) return undefined
  const options = args.filter((word) => word.startsWith('-') && word !== '-w')
  const lines = args.filter((word) => !word.startsWith('-'))
  if (!lines.every((line) => /^[^\s=*?[#;]+=(?!\s)[^\r\n]*(?<!\s)$/.test(line))) return undefined
  return { argv: [program, ...options, '-p', '-'], stdin: `${lines.join('\n')}\n` }
}

function byRestore([program = '', ...args]: readonly string[]): ByStdin | undefined {
  const [wait, seconds, option, table, ...rule] = args
  if (!/^ip6?tables(-nft|-legacy)?$/.test(program) || wait !== '-w' || option !== '-t') return undefined
  const words = rule.map(restoreWord)
  if (words.includes(undefined)) return undefined
  const argv = [`${program}-restore`, '--noflush', wait, seconds!]
  return { argv, stdin: `*${table}\n${words.join(' ')}\nCOMMIT\n` }
}
