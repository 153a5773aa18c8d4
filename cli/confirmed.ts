import { talkOnStderr } from './talk.ts'

/** Asks whoever sits at the terminal; only "y" and "yes" agree, and Ctrl-C ends nsnet. */
export async function confirmed(question: string): Promise<boolean> {
  const ask = talkOnStderr()
  const answer = await new Promise<string>((resolve) => {
    ask.once('close', () => resolve(''))
    void ask.question(`${question} [y/N] `).then(resolve)
  })
  ask.close()
  return /^y(es)?$/i.test(answer.trim())
}
