import { randomInt } from 'node:crypto'
import type { Command, Exec, Output } from './command.ts'
import { batchLine, runBatch } from './join-ip.ts'
import { wasCutOff } from './outcome.ts'

/**
 * Runs changes of one lane of `ip` to the end, so that links that are deleted share one wait of the kernel: by itself each
 * takes 19 ms, a hundred in one group 0.4 ms each. They are put into a group of their own, and the group is deleted.
 *
 * For that, where commands only remove things or set links up or down, links go behind the others, and netns last.
 *
 * @see ip-link(8), `ip link delete group`
 */
export async function runRemovals(exec: Exec, commands: readonly Command[]): Promise<readonly Output[]> {
  const results: Output[] = []
  for (const entries of stagesOf(commands.map((command, at) => ({ command, of: [at] })))) {
    const outputs = await runBatch(
      exec,
      entries.map(({ command }) => command),
      'end',
    )
    for (const [at, { of }] of entries.entries())
      for (const which of of) results[which] = await outcomeOf(exec, commands[which]!, results[which], outputs[at]!)
  }
  return results
}

/** A link whose group was not deleted is deleted by itself. */
async function outcomeOf(exec: Exec, command: Command, before: Output | undefined, output: Output): Promise<Output> {
  if (before === undefined || wasCutOff(output)) return before?.exitCode ? before : output
  return before.exitCode === 0 && output.exitCode !== 0 ? await deleteAlone(exec, command) : before
}

/** A command to run, and the places of the commands that it does, or does a part of. */
interface Entry {
  readonly command: Command
  readonly of: readonly number[]
}

/** Cuts a list behind each group: what follows has to wait until the links are gone, by whatever way. */
function stagesOf(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const stages: Entry[][] = [[]]
  for (const run of runsOf(entries)) {
    const links = run.filter(({ command }) => linkOf(command) !== undefined)
    if (links.length < 2) stages.at(-1)!.push(...run)
    else {
      const names = run.filter(({ command }) => lineOf(command).startsWith('netns '))
      stages.at(-1)!.push(...run.filter((entry) => !links.includes(entry) && !names.includes(entry)), ...sharing(links))
      stages.push(names)
    }
  }
  return stages
}

/** Cuts a list where commands are that do more than remove something. */
function runsOf(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const runs: Entry[][] = [[]]
  for (const entry of entries) {
    if (isRemoval(entry.command)) runs.at(-1)!.push(entry)
    else runs.push([entry], [])
  }
  return runs
}

function sharing(links: readonly Entry[]): readonly Entry[] {
  // nobody numbers a group by chance like this
  const group = `${randomInt(2 ** 30, 2 ** 31)}`
  const changed = links.map(({ command, of }) => ({ command: grouped(command, group), of }))
  return [
    ...changed,
    { command: within(links[0]!.command, 'link', 'delete', 'group', group), of: links.flatMap(({ of }) => of) },
  ]
}

const isRemoval = (command: Command): boolean =>
  /^(link|address|addr|route|rule|neigh|netns) (delete|del) |^link set dev \S+ (up|down)$/.test(lineOf(command))

/** Names the link that a command deletes and does nothing else. */
const linkOf = (command: Command): string | undefined => /^link (?:delete|del) dev (\S+)$/.exec(lineOf(command))?.[1]

const lineOf = (command: Command): string => batchLine(command)?.line ?? ''

const within = (like: Command, ...words: readonly string[]): Command => ({
  argv: [...batchLine(like)!.words, ...words],
})

const grouped = (command: Command, group: string): Command =>
  within(command, 'link', 'set', 'dev', command.argv.at(-1)!, 'group', group)

/** A link that is not deleted this way either goes back into the group in which links are made. */
async function deleteAlone(exec: Exec, command: Command): Promise<Output> {
  const output = await exec(command)
  if (output.exitCode !== 0) await exec(grouped(command, 'default'))
  return output
}
