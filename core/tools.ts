import { constants } from 'node:os'
import { show, succeeded, type Command, type Output } from './command.ts'
import { NsnetError } from './errors.ts'
import type { Failure } from './events.ts'
import { packageOf } from './programs.ts'

/**
 * Puts a command that did not do what it was asked to into a failure: why, what it printed, and what to type next.
 * `message` comes before the reason.
 */
export function failureOfCommand(message: string, command: Command, output: Output): Failure {
  const hint = adviceOn(command, output)
  const failure = { message: `${message} ${endOf(output)}`, command, output }
  return hint === undefined ? failure : { ...failure, hint }
}

/** Expects that a command of nsnet's own went well. @throws TOOL_MISSING, TOOL_FAILED with what it printed */
export function expectSuccess(command: Command, output: Output): void {
  const program = missingProgram(output)
  if (program !== undefined) {
    const message = `expected the program ${program}, found none that can be run${inPlaceOf(command, program)}`
    throw new NsnetError('TOOL_MISSING', message, adviceOn(command, output))
  }
  if (!succeeded(command, output)) throw unusable(command, output, endOf(output))
}

/** The refusal of a tool that does not do what nsnet needs: `why`, and the beginning of what it printed. */
export function unusable(command: Command, { stderr, stdout }: Output, why: string): NsnetError {
  const printed = (stderr.trim() || stdout.trim()).slice(0, 500)
  const message = `the command "${show(command)}" ${why}${printed === '' ? '' : `, printing: ${printed}`}`
  return new NsnetError('TOOL_FAILED', message, `run it by hand to see what is wrong: ${show(command)}`)
}

/**
 * Says whether a signal that asks nsnet to stop has hit its command: Ctrl-C does, in the instant in which a new process is
 * not in a process group of its own yet.
 */
export const wasHit = ({ exitCode }: Output): boolean =>
  [constants.signals.SIGHUP, constants.signals.SIGINT, constants.signals.SIGTERM].some((it) => exitCode === 128 + it)

/** Names the program that a command could not be started for, since it is not installed; undefined for others. */
export function missingProgram({ exitCode, stderr }: Output): string | undefined {
  if (exitCode === 0) return undefined
  return NOT_FOUND.map((words) => words.exec(stderr)?.[1]).find((program) => program !== undefined)
}

/** Says whether a command that was to take something away failed because it was not there. */
export const saysGone = (output: Output): boolean => missingProgram(output) === undefined && GONE.test(output.stderr)

/** How ip(8), iptables(8), nft(8) and the C library say it. */
const GONE =
  /No such (file or directory|process|device)|Cannot find device|Cannot assign requested address|[Aa]ddress not found|does not exist|does a matching rule exist|No chain\/target\/match by that name/

/** How setpriv(1), ip-netns(8) and Node say it; of a PATH with a directory that may not be read they say the second. */
const NOT_FOUND = [
  /^setpriv: failed to execute (\S+): (?:No such file or directory|Permission denied)$/m,
  /^exec of "([^"]+)" failed: (?:No such file or directory|Permission denied)$/m,
  /^env: ['‘]([^'’\n]+)['’]: (?:No such file or directory|Permission denied)$/m,
  /spawn (setpriv) (?:ENOENT|EACCES)/,
]

function endOf({ exitCode, timedOut, durationMs }: Output): string {
  return timedOut
    ? `took too long and was ended after ${(durationMs / 1000).toFixed(1)} s`
    : `ended with exit code ${exitCode}`
}

function adviceOn(command: Command, output: Output): string | undefined {
  const program = missingProgram(output)
  if (program !== undefined) return adviceOnProgram(program)
  if (LACKING.test(output.stderr)) return SEE_DOCTOR
  if (!output.timedOut || command.timeoutMs !== undefined) return undefined
  return 'NSNET_TIMEOUT=SECONDS gives commands more time (30 when it is not set)'
}

/** Says how to get a program that is missing. */
export function adviceOnProgram(program: string): string {
  const tool = packageOf(program, 'apt-get')
  if (tool === undefined) return `install ${program}, or put its directory into PATH`
  return `install the package ${tool}, for example: apt-get install ${tool}\n${SEE_DOCTOR}`
}

/** Advice for a failure that comes of the machine, not of what was asked for. */
export const SEE_DOCTOR = 'what this machine lacks is shown by: nsnet doctor'

/** How ip, tc, iptables, nft and sysctl say that the kernel does not have something, or does not let it be done here. */
const LACKING = new RegExp(
  [
    'Unknown device type',
    'Operation not supported',
    '[Pp]rotocol not supported',
    'Specified qdisc kind is unknown',
    'missing kernel module',
    'do you need to insmod',
    '^mount .* failed',
    'Read-only file system',
    'must be root',
  ].join('|'),
  'm',
)

const inPlaceOf = (command: Command, program: string): string =>
  command.argv[0] === program ? '' : ` (for: ${show(command)})`
