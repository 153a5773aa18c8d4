import { accessSync, closeSync, constants, openSync, readSync } from 'node:fs'
import { NsnetError } from '../errors.ts'
import { docsMistake } from '../step-docs.ts'
import type { Step } from '../step.ts'
import { asking } from './ask.ts'
import { isFile } from './is-program.ts'
import { PROTOCOL, schemaAnswer, type Described } from './protocol.ts'
import { foreignStep } from './step.ts'
import { whyNot } from '../why-not.ts'

/**
 * Loads a plugin that is a program: starts it, and asks it for its step types. From then on it is asked whatever the engine
 * asks a step.
 *
 * @throws PLUGIN_INVALID with the file, when it cannot be run or does not answer as docs/steps-in-other-languages.md says
 */
export function loadProgram(path: string): readonly Step[] {
  expectRunnable(path)
  const ask = asking(path)
  const { steps } = schemaIn(
    path,
    toldBy(path, () => ask('schema', {})),
  )
  return steps.map((described) =>
    toldBy(`${path}: step type "${described.type}"`, () => foreignStep(sound(described), ask)),
  )
}

function toldBy<T>(who: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof NsnetError) throw error
    throw invalid(`${who}: ${(error as Error).message}`)
  }
}

function schemaIn(path: string, answer: unknown): { readonly steps: readonly Described[] } {
  const version = (answer as { readonly protocol?: unknown } | null)?.protocol
  if (version !== PROTOCOL)
    throw invalid(
      `${path}: expected "protocol": ${PROTOCOL} in the answer to "schema", got ${JSON.stringify(version) ?? 'nothing'}`,
    )
  const { data, error } = schemaAnswer.safeParse(answer)
  if (data) return data
  const { path: at, message } = error.issues[0]!
  throw invalid(`${path}: expected another answer to "schema": /${at.join('/')}: ${message}`)
}

function sound(described: Described): Described {
  const mistake = docsMistake(described.docs)
  if (mistake !== undefined) throw new Error(`there is a mistake in ${mistake}`)
  return described
}

function expectRunnable(path: string): void {
  const head = headOf(path)
  const isProgramFile = head.startsWith('#!') || head.startsWith('\x7fELF')
  if (!isProgramFile)
    throw invalid(`${path}: expected a .js, .mjs or .ts file, a script that begins with "#!" or a program, got neither`)
  try {
    accessSync(path, constants.X_OK)
  } catch {
    throw new NsnetError('PLUGIN_INVALID', `${path}: is not executable`, `chmod +x ${path}`)
  }
  const [, interpreter] = /^#!\s*(\S+)/.exec(head) ?? []
  if (interpreter !== undefined && !isFile(interpreter))
    throw invalid(`${path}: its first line names the program ${interpreter}, which is not there`)
}

/** Reads the beginning of a file. */
function headOf(path: string): string {
  try {
    const fd = openSync(path, 'r')
    try {
      const bytes = Buffer.alloc(256)
      return bytes.toString('latin1', 0, readSync(fd, bytes))
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw invalid(`${path}: cannot be read: ${whyNot(error)}`)
  }
}

const invalid = (message: string): NsnetError =>
  new NsnetError('PLUGIN_INVALID', message, 'docs/steps-in-other-languages.md shows a whole plugin')
