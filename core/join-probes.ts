import type { Command, Exec, Output } from './command.ts'
import { grouped } from './grouped.ts'
import { objectAt } from './join-ip.ts'
import { partOf } from './outcome.ts'

/** Tells probes apart: equal ones have equal answers. What counts as success is up to who asks. */
export const keyOf = ({ argv, stdin, timeoutMs }: Command): string => JSON.stringify([argv, stdin, timeoutMs])

/** Puts those probes into one group that one process can answer; the others stay alone. */
export const groupsOf = (probes: readonly Command[]): readonly (readonly Command[])[] => [
  ...grouped(probes, (probe) => [listing(probe)?.words.join(' ') ?? keyOf(probe)]).values(),
]

/** Asks a group of probes, in one process where they are several. When the answer does not fit, each is asked by itself. */
export async function ask(exec: Exec, probes: readonly Command[]): Promise<readonly Output[]> {
  if (probes.length > 1) {
    const lists = probes.map((probe) => listing(probe)!)
    const stdin = lists.map(({ line }) => `${line}\n`).join('')
    const output = await exec({ argv: [...lists[0]!.words, '-batch', '-'], stdin })
    const lines = output.stdout.split(/(?<=\n)/)
    const fits = output.exitCode === 0 && !output.timedOut && output.stderr === '' && lines.length === probes.length
    if (fits && lines.every((line) => /^\[.*\]\n$/.test(line)))
      return lines.map((stdout) => ({ ...partOf(output, probes.length), stdout }))
  }
  const answers: Output[] = []
  for (const probe of probes) answers.push(await exec(probe))
  return answers
}

/**
 * Takes `ip -json … OBJECT show` apart, which prints one line whatever there is; undefined for other commands: what asks
 * for less may print something else in a batch than by itself (`route show table 77`, of a table that is not there).
 */
function listing({
  argv,
  stdin,
  timeoutMs,
}: Command): { readonly words: readonly string[]; readonly line: string } | undefined {
  if (argv[0] !== 'ip' || stdin !== undefined || timeoutMs !== undefined) return undefined
  const at = objectAt(argv, /^-([46Nds]|json|details)$/)
  const [words, line] = [argv.slice(0, at), argv.slice(at).join(' ')]
  return words.includes('-json') && LISTS.test(line) ? { words, line } : undefined
}

const LISTS = /^(link|addr|address|route|rule|neigh) show$|^route show table all$/
