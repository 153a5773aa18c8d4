import { spawn } from 'node:child_process'
import { succeeded } from '../../core/command.ts'
import { NsnetError } from '../../core/errors.ts'
import { processExec } from '../../core/exec.ts'
import { SEE_DOCTOR } from '../../core/tools.ts'
import { worldScript } from '../../library/sandbox/world.ts'
import { exitCodeOf } from '../signals.ts'

/**
 * The first process of the sandbox: makes its world, runs the command, and ends with the command's exit code. When it
 * ends, the kernel ends everything else in the sandbox and takes its namespaces away. Signals reach the command by its
 * process group; this process only waits for it.
 *
 * @throws SANDBOX_UNAVAILABLE
 */
export async function sandboxInit([file, ...args]: readonly string[]): Promise<number> {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) process.on(name, () => undefined)
  await makeWorld()
  const command = spawn(file!, args, { stdio: 'inherit' })
  return await new Promise((resolve) => {
    command.on('error', (error) => {
      process.stderr.write(`nsnet: cannot run ${file}: ${error.message}\n`)
      resolve(127)
    })
    command.on('exit', (code, signal) => resolve(code ?? exitCodeOf(signal ?? '')))
  })
}

async function makeWorld(): Promise<void> {
  const command = { argv: ['sh', '-c', worldScript([process.execPath, process.argv[1]!])] }
  const output = await processExec()(command)
  if (succeeded(command, output)) return
  throw new NsnetError('SANDBOX_UNAVAILABLE', `cannot make the sandbox: ${output.stderr.trim()}`, SEE_DOCTOR)
}
