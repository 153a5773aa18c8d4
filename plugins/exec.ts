import { netnsOf, programIn, show, type Command } from '../core/command.ts'
import { inside } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, type Change, type Plan } from '../core/step.ts'
import { execDocs } from './docs/exec.ts'
import { BEFORE, commandOf, input, needsBefore, type Input } from './lib/exec-input.ts'
import { listLinks } from './lib/ip-json.ts'

/**
 * Runs a command that is given, with the way back that is given, by the answer of a probe that is given: whether it holds, and
 * with `expect` what is there, which the way back restores.
 *
 * nsnet knows of it what the probe tells, and nothing else. So it is planned and applied by itself, at its turn.
 */
export default defineStep({
  type: 'exec',
  summary: 'Runs a command of your own, with your own probe and way back.',
  docs: execDocs,
  input,
  alone: true,
  resources: ({ netns, creates = [], uses = [], shares = [] }) => ({
    creates,
    uses: [...new Set([...inside(netns), ...uses])],
    shares,
  }),
  indivisible: ({ creates = [], shares = [] }) => [...creates, ...shares],
  probe: (wanted) => [probeOf(wanted), ...inNetnsOf(probeOf(wanted))],
  observe({ exitCode, stdout }, wanted, { outputs }): State {
    // in a netns that is not there nothing is run, and the answer is that of a command with nothing to say
    const isAway = inNetnsOf(probeOf(wanted)).length > 0 && outputs[1]?.stdout === ''
    if (isAway) return { exitCode: null, stdout: '' }
    // where this was noticed tells nothing: the probe stands in the workflow
    if (stdout.length > MOST)
      throw Object.assign(new Error(`expected at most ${MOST} characters, got ${stdout.length}`), { stack: '' })
    return { exitCode, stdout: stdout.trimEnd() }
  },
  changes: changesOf,
  plan(wanted, now, context): Plan {
    if (holds(wanted, now)) return nothingToDo
    const before = (context.before as State | undefined) ?? now
    if (needsBefore(wanted) && /[\0\ufffd]/.test(before.stdout)) return lost(wanted)
    return { apply: [commandOf(wanted, wanted.apply)], undo: [wayBack(wanted, before)] }
  },
  undo: (wanted, before, now) => (isSame(wanted, before, now) ? [] : [wayBack(wanted, before)]),
  drift(wanted, after, now) {
    // what nobody saw applied may be half done, and is ours all the same
    if (after === undefined || now.exitCode === null || holds(wanted, now)) return undefined
    return `its probe ${said(wanted, now)}`
  },
  outputs: { stdout: ({ stdout }) => stdout },
  sketch: ({ netns, apply }) => [
    { draw: 'note', netns, text: show({ argv: programIn(commandOf({ apply } as Input, apply).argv) }).slice(0, 60) },
  ],
})

/** `exitCode` is null where the netns of the probe is not there. */
type State = { readonly exitCode: number | null; readonly stdout: string }

/** Characters of a probe's answer that are kept at most. */
const MOST = 65_536

const probeOf = (wanted: Input): Command => commandOf(wanted, wanted.probe, [0, 1])

/** Lists the links of the netns that a command runs in: there is always one. */
function inNetnsOf(command: Command): readonly Command[] {
  const netns = netnsOf(command)
  return netns === undefined ? [] : [listLinks(netns)]
}

const holds = ({ expect }: Input, { exitCode, stdout }: State): boolean =>
  exitCode === 0 && (expect === undefined || stdout === expect.trimEnd())

const isSame = ({ expect }: Input, before: State, now: State): boolean =>
  before.exitCode === now.exitCode && (expect === undefined || before.stdout === now.stdout)

const said = ({ expect }: Input, { exitCode, stdout }: State): string =>
  expect === undefined || exitCode !== 0 ? `ends with exit code ${exitCode}` : `prints ${JSON.stringify(stdout)}`

function changesOf(wanted: Input, now: State): readonly Change[] {
  const { expect } = wanted
  if (expect === undefined || holds(wanted, now)) return []
  return [{ what: show(probeOf(wanted)), from: now.exitCode === 0 ? now.stdout : null, to: expect.trimEnd() }]
}

function lost(wanted: Input): Plan {
  const what = `what ${show(probeOf(wanted))} printed could not be put back: it is no text of UTF-8 without NUL`
  return conflict(what, `let the probe print it as text, by base64(1) say, or take it back without "${BEFORE}"`)
}

/** Puts what was there before into the words of the way back. */
function wayBack(wanted: Input, { stdout }: State): Command {
  const { argv, stdin, ...rest } = commandOf(wanted, wanted.undo)
  if (wanted.expect === undefined) return { argv, ...(stdin === undefined ? {} : { stdin }), ...rest }
  return {
    ...rest,
    argv: argv.map((word) => word.replace(WHERE, () => stdout)),
    ...(stdin === undefined ? {} : { stdin: stdin.trimEnd() === BEFORE ? stdin.replace(BEFORE, () => stdout) : stdin }),
  }
}

/** A word of its own, or behind the first "=". */
const WHERE = /(?<=^(?:[^=]*=)?)@before$/
