import { succeeded, type Command, type Exec, type Output } from './command.ts'

/** How far a list of commands is run: to the first that fails, or all of it whatever comes. */
export type UpTo = 'first failure' | 'end'

/**
 * Says whether a failure is that of a whole process, and running its commands again tells nothing: it was ended from
 * outside (a time limit, a signal), so that nobody knows how far it came, or could not be started. The kernel has 64
 * signals; 255 is an exit code of `ip`.
 */
export const wasCutOff = ({ timedOut, exitCode }: Output): boolean =>
  timedOut || (exitCode >= NOT_STARTED && exitCode <= 128 + LAST_SIGNAL)

const NOT_STARTED = 127

const LAST_SIGNAL = 64

/** What one of the commands of a process that went well is told to have done. */
export const partOf = ({ durationMs }: Output, count: number): Output => ({
  stdout: '',
  stderr: '',
  exitCode: 0,
  timedOut: false,
  durationMs: durationMs / count,
})

/** The same with what the process printed, of which nobody knows by which of them: they print nothing when they go well. */
export const saidBy = (output: Output, count: number): Output => ({
  ...partOf(output, count),
  stdout: output.stdout,
  stderr: output.stderr,
})

/** Runs commands one after another. */
export async function oneByOne(exec: Exec, commands: readonly Command[], upTo: UpTo): Promise<readonly Output[]> {
  const outputs: Output[] = []
  for (const command of commands) {
    const output = await exec(command)
    outputs.push(output)
    if (upTo === 'first failure' && !succeeded(command, output)) break
  }
  return outputs
}
