import type { Exec, Output } from '../../core/command.ts'
import { processExec } from '../../core/exec.ts'
import { sandboxed, type Sandboxed } from './sandbox.ts'

/** Opens a sandbox for the running test: as whoever runs the tests, or as an ordinary user, whose root nsnet is in it. */
export const users: readonly (readonly [string, () => Promise<Sandboxed>])[] = [
  ['who runs the tests', () => sandboxed()],
  ['an ordinary user', ordinary],
]

async function ordinary(): Promise<Sandboxed> {
  const world = await sandboxed({ ordinary: true })
  const root = world.enter.flatMap((word) => (word === '--preserve-credentials' ? [word, '--setuid', '0'] : [word]))
  const enter = [...root, 'setpriv', '--regid', '0', '--keep-groups', '--']
  const run = processExec()
  const exec: Exec = (command) => run({ ...command, argv: [...enter, ...command.argv] })
  const nsnetIn = (more: readonly string[], ...args: readonly string[]): Promise<Output> => {
    const [env, ...words] = world.command
    return exec({ argv: [env!, ...more, ...words, ...args], timeoutMs: 60_000 })
  }
  const sh = async (line: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await exec({ argv: line.split(' ') })
    if (exitCode !== 0) throw new Error(`${line}: exit code ${exitCode}: ${stderr}`)
    return stdout
  }
  return { ...world, enter, exec, sh, nsnetIn, nsnet: (...args) => nsnetIn([], ...args) }
}
