import { succeeded, type Command } from '../command.ts'
import type { Failure } from '../events.ts'
import type { Ports } from '../ports.ts'
import { failureOfCommand, type Ran } from '../tools.ts'
import { goOn } from '../wait.ts'

/** Runs a step's commands one after another, up to the first that fails, or all of them to the end. @throws Interrupted */
export async function runCommands(
  ports: Ports,
  step: string,
  commands: readonly Command[] = [],
  upTo: 'first failure' | 'end',
): Promise<Ran> {
  let failure: Failure | undefined
  let said: Ran['said']
  for (const [at, command] of commands.entries()) {
    goOn(ports.signal)
    ports.progress({ doing: 'run', step, command })
    const output = await ports.exec(command)
    if (!succeeded(command, output)) failure ??= { ...failureOfCommand('its command', command, output), succeeded: at }
    else if (output.stdout !== '' || output.stderr !== '') said = { command, output }
    if (failure && upTo === 'first failure') break
  }
  return { ...(failure && { failure }), ...(said && { said }) }
}
