import { runInSandbox } from '../sandbox/sandbox.ts'

/** `nsnet sandbox -- COMMAND…`: runs a command (a shell by default) in a little world of its own. */
export function sandbox(command: readonly string[]): Promise<number> {
  const argv = command.length > 0 ? command : [process.env['SHELL'] ?? 'sh']
  return runInSandbox([...argv], { interactive: true })
}
