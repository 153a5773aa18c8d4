import { CommanderError } from 'commander'
import { NsnetError, type ErrorCode } from '../core/errors.ts'
import { printable } from '../core/quote.ts'
import { columnsOf, wrapped } from './text.ts'
import { exitCodeOf } from './signals.ts'
import { jsonSafe } from './terminal.ts'

/** Exit codes of refusals, after sysexits.h where it has one; all others are 1. */
const exits: { readonly [code in ErrorCode]?: number } = {
  USAGE: 64,
  RUN_NOT_FOUND: 64,
  RUN_AMBIGUOUS: 64,
  RUN_UNDONE: 64,
  WORKFLOW_INVALID: 65,
  WORKFLOW_UNREADABLE: 65,
  PLUGIN_INVALID: 65,
  LOCKED: 75,
  NEEDS_PRIVILEGE: 77,
}

/** Takes for a refusal what is no bug: without a working directory Node resolves no relative path, and starts no process. */
export function asRefusal(error: unknown): unknown {
  if ((error as NodeJS.ErrnoException | null)?.syscall !== 'uv_cwd') return error
  const message = 'expected a working directory, the one that nsnet was started in is not there any more'
  return new NsnetError('USAGE', message, 'go to one that is there (cd /), and type it again', { cause: error })
}

/** The exit code that an error ends nsnet with. */
export function exitCodeFor(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 64
  if (!(error instanceof NsnetError)) return 1
  if (error.code === 'INTERRUPTED') return exitCodeOf(String(error.cause))
  return exits[error.code] ?? 1
}

/** Tells people why nsnet refused; a bug comes with its stack. With `--json` it is one line on stdout. */
export function tellError(error: unknown, json: boolean): void {
  if (!(error instanceof NsnetError)) {
    process.stderr.write(
      `nsnet: this is a bug in nsnet:\n${printable(error instanceof Error ? (error.stack ?? '') : String(error))}\n`,
    )
    return
  }
  const { code, message, hint } = error
  if (json) process.stdout.write(`${jsonSafe(JSON.stringify({ error: { code, message, hint } }))}\n`)
  else
    process.stderr.write(
      `${folded(`nsnet: ${printable(message)}`)}\n${hint === undefined ? '' : `  ${indented(hint)}\n`}`,
    )
}

/** Breaks lines at blanks to the width of the terminal; what follows stands four columns further right. */
function folded(text: string): string {
  const { stderr } = process
  if (!stderr.isTTY) return text
  const lines = text.split('\n').map((line) => {
    const start = /^ */.exec(line)![0]
    return start + wrapped(line.slice(start.length).split(' '), start.length + 4, columnsOf(stderr), '')
  })
  return lines.join('\n')
}

const indented = (text: string): string => printable(text).replaceAll('\n', '\n  ')
