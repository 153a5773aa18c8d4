import { spawn } from 'node:child_process'
import { processExec } from '../../core/exec.ts'
import { exitCodeOf } from '../signals.ts'
import { makeWorld } from '../../library/sandbox/world.ts'

/**
 * The first process of the sandbox: makes its world, runs the command, and ends with the command's exit code. When it
 * ends, the kernel ends everything else in the sandbox and takes its namespaces away. Signals reach the command by its
 * process group; this process only waits for it.
 *
 * @throws SANDBOX_UNAVAILABLE
 */
export async function sandboxInit([file, ...args]: readonly string[]): Promise<number> {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) process.on(name, () => undefined)
  await makeWorld(processExec())
  const command = spawn(file!, args, { stdio: 'inherit' })
  return await new Promise((resolve) => {
    command.on('error', (error) => {
      process.stderr.write(`nsnet: cannot run ${file}: ${error.message}\n`)
      resolve(127)
    })
    command.on('exit', (code, signal) => resolve(code ?? exitCodeOf(signal ?? '')))
  })
}
