import { NsnetError } from '../../core/errors.ts'
import { printable } from '../../core/quote.ts'
import { talkOnStderr } from '../talk.ts'

/** A question: what is asked, what is taken without an answer, and what is wrong with one. */
export interface Question {
  /** Lines that come before. */
  readonly about: readonly string[]
  readonly text: string
  readonly otherwise: string
  readonly mistake: (answer: string) => string | undefined
}

/** Asks whoever sits at the terminal, again until the answer is one. */
export type Ask = (question: Question) => Promise<string>

/** Opens a talk. */
export function openTalk(): { readonly ask: Ask; readonly close: () => void } {
  const talk = talkOnStderr()
  // what is typed ahead waits here
  const lines = talk[Symbol.asyncIterator]()
  const ask: Ask = async ({ about, text, otherwise, mistake }) => {
    for (const line of about) tell(line)
    for (;;) {
      talk.setPrompt(printable(`${text} [${otherwise}] `))
      talk.prompt()
      const { value, done } = await lines.next()
      if (done === true)
        throw new NsnetError('USAGE', 'expected an answer, the input ended', 'nsnet new workflow --yes asks nothing')
      const answer = value.trim() || otherwise
      const wrong = mistake(answer)
      if (wrong === undefined) return answer
      tell(`  ${wrong}`)
    }
  }
  return { ask, close: () => talk.close() }
}

const tell = (line: string): unknown => process.stderr.write(`${printable(line)}\n`)

/** Takes what is taken without an answer. */
export const silently: Ask = async ({ otherwise }) => otherwise
