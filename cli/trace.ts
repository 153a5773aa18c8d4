import { pino } from 'pino'
import type { Exec } from '../core/command.ts'
import { processExec } from '../core/exec.ts'
import type { Secrets } from '../core/secret.ts'
import { commandLine } from './render.ts'
import type { Terminal } from './terminal.ts'

/** Opens the debug log; nothing depends on it, so a disk that is full does not stop a run here. */
export function logTo(dest: string): pino.Logger {
  const destination = pino.destination({ dest, sync: true, mode: 0o600 })
  destination.on('error', () => undefined)
  return pino({ level: 'debug', base: null }, destination)
}

interface Tracing {
  readonly terminal: Terminal
  readonly secrets: Secrets
}

/** Makes an `Exec` that notes each command in the debug log and, with `-v`, on the screen; without its secrets. */
export function tracedExec({ terminal, secrets }: Tracing, log: pino.Logger, kill: AbortSignal): Exec {
  return processExec({
    kill,
    holds: secrets.holds,
    trace: (clear, output) => {
      const command = secrets.hide(clear)
      const { stdout: _, stderr, ...outcome } = output
      log.debug({ argv: command.argv, ...outcome, stderr: secrets.mask(stderr) })
      if (terminal.options.verbose) terminal.tell(terminal.paint('dim', commandLine(command, output)))
    },
  })
}
