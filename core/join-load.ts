import { netnsOf, programIn, type Command, type Exec, type Output } from './command.ts'
import { saidBy, wasCutOff, type UpTo } from './outcome.ts'
import { restoreWord } from './words.ts'

/** A command as a part of a text that a program loads whole or not at all. */
interface Load {
  readonly lane: string
  readonly argv: readonly string[]
  readonly before: string
  readonly text: string
  readonly after: string
}

/** Takes a change by iptables or nft apart; undefined for other commands, and for words that a text cannot carry. */
export function loadOf(command: Command): Load | undefined {
  const argv = programIn(command.argv)
  const into = command.argv.slice(0, command.argv.length - argv.length)
  const load = command.stdin === undefined ? ruleOf(argv) : rulesetOf(argv, command.stdin)
  const lane = load && JSON.stringify([netnsOf(command) ?? null, load.argv, load.before])
  return load && { ...load, lane: lane!, argv: [...into, ...load.argv] }
}

type Part = Omit<Load, 'lane'>

/** @see iptables-restore(8) */
function ruleOf([program = '', wait, seconds = '', option, table = '', ...rule]: readonly string[]): Part | undefined {
  if (!/^ip6?tables(-nft|-legacy)?$/.test(program) || wait !== '-w' || !/^\d+$/.test(seconds)) return undefined
  if (option !== '-t' || !/^[a-z]+$/.test(table) || !/^-[AIDNXP]$/.test(rule[0] ?? '')) return undefined
  const words = rule.map(restoreWord)
  if (words.includes(undefined)) return undefined
  const argv = [`${program}-restore`, '-w', seconds, '--noflush']
  return { argv, before: `*${table}\n`, text: `${words.join(' ')}\n`, after: 'COMMIT\n' }
}

/** @see nft(8) */
const rulesetOf = (argv: readonly string[], stdin: string): Part | undefined =>
  argv.join(' ') === 'nft -f -' ? { argv, before: '', text: stdin.replace(/\n?$/, '\n'), after: '' } : undefined

/**
 * Runs changes of one lane as one transaction: the kernel takes all of it or nothing. When it fails nothing has happened,
 * so the commands are run in smaller and smaller parts, until the one that fails stands alone and says why.
 */
export async function runLoads(exec: Exec, commands: readonly Command[], upTo: UpTo): Promise<readonly Output[]> {
  if (commands.length === 1) return [await exec(commands[0]!)]
  const loads = commands.map((command) => loadOf(command)!)
  const output = await exec(joined(loads))
  if (output.exitCode === 0 && !output.timedOut) return commands.map(() => saidBy(output, commands.length))
  if (wasCutOff(output) || isLocked(output)) return upTo === 'end' ? commands.map(() => output) : [output]
  const at = cutAt(loads, output.stderr)
  const first = await runLoads(exec, commands.slice(0, at), upTo)
  if (upTo === 'first failure' && first.at(-1)!.exitCode !== 0) return first
  return [...first, ...(await runLoads(exec, commands.slice(at), upTo))]
}

const joined = (loads: readonly Load[]): Command => ({
  argv: loads[0]!.argv,
  stdin: [loads[0]!.before, ...loads.map(({ text }) => text), loads[0]!.after].join(''),
})

/** Others hold the lock of iptables for longer than it waits: so would each of the commands wait. */
const isLocked = ({ stderr }: Output): boolean => /xtables lock/.test(stderr)

/** Cuts the commands before the one that was told of, and behind it when it is the first; else into halves. */
function cutAt(loads: readonly Load[], stderr: string): number {
  const told = Number(/line:? (\d+)|^\S+:(\d+):\d+/m.exec(stderr)?.slice(1).join(''))
  let line = loads[0]!.before === '' ? 1 : 2
  const at = loads.findIndex(({ text }) => (line += text.split('\n').length - 1) > told)
  return at === -1 ? Math.floor(loads.length / 2) : Math.max(1, at)
}
