import type { Command } from '../../core/command.ts'
import { printable, quote } from '../../core/quote.ts'
import { headLines } from './sh-head.ts'
import { shCommand, shComment, shWords } from './sh-command.ts'
import { expectPlain, type Part, type Script } from './script.ts'

/**
 * Writes a script for a POSIX shell: the commands, each step under a comment, and what they need around them. It stops at the
 * first command that fails; a way back goes on to its end.
 *
 * @throws NOT_EXPORTABLE when a command has control characters
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html
 */
export function shScript(script: Script, at: Date): string {
  const { undo, parts } = script
  const body = parts.map((part) => partText(part, undo))
  const functions = [
    ...(parts.some(({ patience }) => patience) ? [holds] : []),
    ...(parts.some(({ handle }) => handle) ? [handleOf] : []),
  ]
  const start = undo ? [prologue, 'failed=0'] : [prologue]
  const blocks = [...start, ...functions, ...body, ...(undo ? [verdict] : [])]
  const head = ['#!/bin/sh', ...headLines(script, at).map(shComment)]
  if (parts.some(({ commands }) => commands.some(looksOdd))) head.push('', literally)
  return `${head.join('\n')}\n\n${opening}\n${blocks.join('\n\n')}\n} </dev/null\n`
}

/** Says whether a command has what shellcheck takes for a slip inside of single quotes: `$`, a last `\`, curly quotes. */
const looksOdd = ({ argv }: Command): boolean => argv.some((word) => /[$`\\\u0080-\uffff]/.test(word))

const literally = `# what is in single quotes is meant as it is
# shellcheck disable=SC1003,SC1112,SC2016`

/** Commands that read their stdin would else eat a script that comes by a pipe; a part of a script must not be run. */
const opening = '{ # up to the last line: nothing is done before all of it was read'

const prologue = `set -eu
PATH="\${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin"
LC_ALL=C
export PATH LC_ALL
[ "$(id -u)" = 0 ] || {
  echo 'expected to be run as root' >&2
  exit 77
}`

const holds = `# holds SECONDS PAUSE COMMAND…: tries until the command succeeds or the seconds are over
holds() {
  end=$(($(date +%s) + $1))
  pause=$2
  shift 2
  until said=$("$@" 2>&1); do
    if [ "$(date +%s)" -ge "$end" ]; then
      printf 'does not hold: %s\\n%s\\n' "$*" "$said" >&2
      return 1
    fi
    sleep "$pause"
  done
}`

const handleOf = `# handle_of COMMENT COMMAND…: the handle of what has the comment, in what the command lists
handle_of() {
  comment=$1
  shift
  listed=$("$@" 2>&1) || {
    printf '%s\\n' "$listed" >&2
    return 1
  }
  printf '%s\\n' "$listed" |
    sed -n -e '/ # handle [0-9]*$/h' -e "\\\\|comment \\"$comment\\"|{g;s/.* # handle //p;}"
}`

const verdict = `[ "$failed" = 0 ] || {
  echo 'some commands of the way back failed: what they say is above' >&2
  exit 1
}`

function partText(part: Part, undo: boolean): string {
  const { spec, note, commands, patience } = part
  const looked = part.handle ? [part.handle.list, { argv: [part.handle.comment] }] : []
  for (const command of [...commands, ...looked]) expectPlain(command, spec)
  const title = `step ${spec.id} (${spec.uses})${spec.name === undefined ? '' : `: ${spec.name}`}`
  const lines = [title, ...(note === undefined ? [] : [`  ${note}`])].map((line) => shComment(printable(line)))
  const write = patience ? checkText(patience) : undo ? backText(part) : forwardText
  const handle = undo && part.handle ? [handleText(part.handle)] : []
  return [...lines, ...handle, ...commands.map(write)].join('\n')
}

const forwardText = (command: Command): string => withOutcome(command, '', 'exit 1', false)

const backText =
  ({ handle }: Part) =>
  (command: Command): string =>
    handle
      ? `if [ -n "$handle" ]; then\n${withOutcome(command, ' || failed=1', 'failed=1', true)}\nfi`
      : withOutcome(command, ' || failed=1', 'failed=1', false)

/** Lets `set -e` or `otherwise` decide, or where other exit codes than 0 count as success, those. */
function withOutcome(command: Command, otherwise: string, deed: string, hasHandle: boolean): string {
  const { okExits = [0] } = command
  if (okExits.join() === '0') return shCommand(command, otherwise, hasHandle)
  return `code=0\n${shCommand(command, ' || code=$?', hasHandle)}\ncase $code in ${okExits.join(' | ')}) ;; *) ${deed} ;; esac`
}

const checkText =
  ({ forMs, everyMs }: NonNullable<Part['patience']>) =>
  (command: Command): string =>
    `holds ${Math.ceil(forMs / 1000)} ${everyMs / 1000} ${shCommand(command, '', false)}`

function handleText({ comment, list }: NonNullable<Part['handle']>): string {
  const pattern = comment.replace(/[\\.*[\]^$|]/g, '\\$&')
  return `handle=$(handle_of ${quote(pattern)} ${shWords(list.argv, false)}) || failed=1`
}
