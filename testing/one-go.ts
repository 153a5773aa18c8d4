import { randomBytes } from 'node:crypto'
import type { Command, Exec, Output } from '../core/command.ts'
import { entering } from '../core/enter.ts'
import { quote } from '../core/quote.ts'

/**
 * Makes an `Exec` for commands that only look, and read nothing: those that are asked for at the same time are run by one shell
 * for each netns. A picture has twenty commands for each of them, and starting them one by one costs more than they do. Their
 * stderr is left out.
 *
 * `root` is where the files of the place are seen that `exec` runs them in.
 */
export function inOneGo(exec: Exec, root: string): Exec {
  let waiting: Waiting[] = []
  const flush = (): void => {
    const asked = waiting
    waiting = []
    for (const group of groupsOf(asked, root).values()) void answer(exec, group)
  }
  return (command) => {
    if (waiting.length === 0) setImmediate(flush)
    return new Promise((resolve, reject) => waiting.push({ command, resolve, reject }))
  }
}

interface Waiting {
  readonly command: Command
  readonly resolve: (output: Output) => void
  readonly reject: (error: unknown) => void
}

/** Commands for one netns, and the words that put a shell there. */
interface Group {
  readonly enter: readonly string[]
  readonly asked: { readonly words: readonly string[]; readonly by: Waiting }[]
}

function groupsOf(asked: readonly Waiting[], root: string): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>()
  for (const by of asked) {
    const words = entering(by.command.argv, root) ?? by.command.argv
    const enter = words[0] === 'nsenter' ? words.slice(0, words.indexOf('--') + 1) : []
    const group = groups.get(enter.join(' ')) ?? { enter, asked: [] }
    groups.set(enter.join(' '), group)
    group.asked.push({ words: words.slice(enter.length), by })
  }
  return groups
}

async function answer(exec: Exec, { enter, asked }: Group): Promise<void> {
  // no output can hold what it has never seen
  const mark = randomBytes(12).toString('hex')
  const lines = asked.map(({ words }) => `${words.map(quote).join(' ')} </dev/null; printf '\\n%s %d\\n' ${mark} $?`)
  try {
    const output = await exec({ argv: [...enter, 'sh', '-c', `exec 2>/dev/null\n${lines.join('\n')}`] })
    const parts = output.stdout.split(new RegExp(`\n${mark} (\\d+)\n`))
    for (const [at, { by }] of asked.entries()) {
      const [stdout, code] = [parts[2 * at], parts[2 * at + 1]]
      if (stdout === undefined || code === undefined) throw new Error(`could not look: ${output.stderr.trim()}`)
      by.resolve({ ...output, stdout, stderr: '', exitCode: Number(code) })
    }
  } catch (error) {
    for (const { by } of asked) by.reject(error)
  }
}
