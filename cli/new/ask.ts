import { createInterface } from 'node:readline/promises'

/** A question: what is asked, what is taken without an answer, and what is wrong with one. */
export interface Question {
  readonly text: string
  readonly otherwise: string
  readonly mistake: (answer: string) => string | undefined
}

/** Asks whoever sits at the terminal, again until the answer is one. */
export type Ask = (question: Question) => Promise<string>

/** Opens a talk on stderr, so that results stay apart; Ctrl-C and the end of the input end nsnet as an interrupt does. */
export function openTalk(): { readonly ask: Ask; readonly close: () => void } {
  const talk = createInterface({ input: process.stdin, output: process.stderr })
  talk.once('SIGINT', () => {
    talk.close()
    process.kill(process.pid, 'SIGINT')
  })
  const ask: Ask = async (question) => {
    for (;;) {
      const answer = (await talk.question(`${question.text} [${question.otherwise}] `)).trim() || question.otherwise
      const mistake = question.mistake(answer)
      if (mistake === undefined) return answer
      process.stderr.write(`  ${mistake}\n`)
    }
  }
  return { ask, close: () => talk.close() }
}

/** Takes what is taken without an answer. */
export const silently: Ask = async ({ otherwise }) => otherwise
